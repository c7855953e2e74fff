import Crypto
import Foundation

/// The files of a release that AWS gets: the document, and the agents that it runs.
package struct ReleaseFiles: Sendable {
    package struct Agent: Sendable {
        /// `dbcensus-agent-<version>-linux-<architecture>.gz`
        package var name: String
        package var bytes: [UInt8]
        package var digest: SHA256.Digest

        package var sha256: String { ReleaseFiles.hex(digest) }
        /// As S3 writes it.
        package var checksum: String { Data(digest).base64EncodedString() }
    }

    package var version: String
    package var document: String
    /// SHA-256 of the document.
    package var sha256: String
    package var agents: [Agent]

    init(version: String, document: String, sha256: String, agents: [Agent]) {
        self.version = version
        self.document = document
        self.sha256 = sha256
        self.agents = agents
    }

    private static let documentLimit = 64 << 10
    private static let agentLimit = 64 << 20
    private static let sumsLimit = 1 << 20

    /// Reads the folder that `make release` or `make document` wrote, and compares the files with each other.
    ///
    /// - Throws: `DeploymentError`, when files are missing, or are not those of one release.
    package init(folder: String, delivery: DiscoverySettings.Agent.Delivery) throws(DeploymentError) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw DeploymentError("cannot read the folder \(folder): \(error.localizedDescription)")
        }
        let documents = names.compactMap { name in
            name.wholeMatch(of: /dbcensus-document-(.+)-([a-z0-9]+)\.json/).flatMap {
                $0.2 == delivery.rawValue ? (name: name, version: String($0.1)) : nil
            }
        }
        guard documents.count == 1, let found = documents.first else {
            throw DeploymentError(
                "\(folder) has \(documents.count) documents dbcensus-document-VERSION-\(delivery.rawValue).json: name the "
                    + "folder of one release with --release, or run `make document DELIVERY=\(delivery.rawValue)`")
        }
        version = found.version
        let content = try Self.read(folder, found.name, limit: Self.documentLimit)
        document = String(decoding: content, as: UTF8.self)
        sha256 = Self.hex(SHA256.hash(data: content))
        agents = []
        for name in names where name.hasPrefix("dbcensus-agent-\(version)-linux-") && name.hasSuffix(".gz") {
            let bytes = try Self.read(folder, name, limit: Self.agentLimit)
            agents.append(Agent(name: name, bytes: bytes, digest: SHA256.hash(data: bytes)))
        }
        let runnable = agents.filter { document.contains($0.sha256) }
        guard !agents.isEmpty, runnable.count == agents.count else {
            let others = agents.filter { !document.contains($0.sha256) }.map(\.name)
            throw DeploymentError(
                agents.isEmpty
                    ? "\(folder) has no agent dbcensus-agent-\(version)-linux-ARCHITECTURE.gz"
                    : "the document in \(folder) was made for other agents than \(others.joined(separator: ", ")): run "
                        + "`make document` again, or use the folder of a release")
        }
        try check(folder, names, documentName: found.name)
    }

    /// Compares the files with SHA256SUMS, where it names them.
    private func check(_ folder: String, _ names: [String], documentName: String) throws(DeploymentError) {
        guard names.contains("SHA256SUMS") else { return }
        let text = String(decoding: try Self.read(folder, "SHA256SUMS", limit: Self.sumsLimit), as: UTF8.self)
        let own = Dictionary(agents.map { ($0.name, $0.sha256) } + [(documentName, sha256)]) { $1 }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard words.count == 2, let sum = own[words[1].replacing(/^[*]/, with: "")] else { continue }
            guard sum == words[0].lowercased() else {
                throw DeploymentError(
                    "\(folder)/\(words[1]) is not the file that SHA256SUMS names: download the release again")
            }
        }
    }

    private static func read(_ folder: String, _ name: String, limit: Int) throws(DeploymentError) -> [UInt8] {
        let path = "\(folder)/\(name)"
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            let bytes = try file.read(upToCount: limit + 1) ?? Data()
            guard bytes.count <= limit else {
                throw DeploymentError("\(path) is larger than the \(limit) bytes that are read")
            }
            return Array(bytes)
        } catch let error as DeploymentError { throw error } catch {
            throw DeploymentError("cannot read \(path): \(error.localizedDescription)")
        }
    }

    static func hex(_ digest: SHA256.Digest) -> String { digest.map { String(format: "%02x", $0) }.joined() }
}

/// Why a deployment cannot be planned or carried out, and what to do.
package struct DeploymentError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
