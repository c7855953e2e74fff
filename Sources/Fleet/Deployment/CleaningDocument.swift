import Crypto
import Foundation

extension ReleaseFiles {
    /// The folder that hosts keep the agent in, as packaging/build-document writes it.
    private static let folder = "/var/lib/dbcensus-agent"

    /// What the host prints when nothing of dbcensus is left on it.
    static let cleaned = "dbcensus: removed"

    /// A document that removes from a host what dbcensus left there. Its version takes the place of the release's.
    package static let cleaning: ReleaseFiles = {
        // The folder is made by root in a folder that only root writes: a link in its place is not followed.
        let shell = [
            "set -u",
            "if [ \"$(id -u)\" != 0 ]; then echo 'dbcensus: not_root: run the SSM agent as root'; exit 41; fi",
            "rm -rf -- \(folder)", "if [ -e \(folder) ] || [ -L \(folder) ]; then",
            "    echo 'dbcensus: not_removed: \(folder) is still there: is the disk mounted read-only?'; exit 47", "fi",
            "echo '\(cleaned)'",
        ]
        let document = Document(
            schemaVersion: "2.2", description: "dbcensus: removes what dbcensus left on a host.",
            mainSteps: [
                .init(
                    action: "aws:runShellScript", name: "clean",
                    precondition: ["StringEquals": ["platformType", "Linux"]],
                    inputs: .init(timeoutSeconds: "60", runCommand: shell))
            ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        // The values are constants of this file, which JSON can write.
        let content = (try? encoder.encode(document)) ?? Data()
        return ReleaseFiles(
            version: "clean", document: String(decoding: content, as: UTF8.self),
            sha256: hex(SHA256.hash(data: content)), agents: [])
    }()

    private struct Document: Encodable {
        struct Step: Encodable {
            struct Inputs: Encodable {
                var timeoutSeconds: String
                var runCommand: [String]
            }
            var action: String
            var name: String
            var precondition: [String: [String]]
            var inputs: Inputs
        }
        var schemaVersion: String
        var description: String
        var mainSteps: [Step]
    }
}
