import AWSClient
import Synchronization

/// Which version of the document a run sends in a region, and what its SHA-256 is.
///
/// The first batch of a region looks it up, and the run keeps it: a version that becomes the default one later is for
/// later runs.
final class DocumentFinder: Sendable {
    struct Found: Sendable {
        var version: String
        /// SHA-256 in small hex digits; AWS refuses to run a document with another one.
        var hash: String?
        /// The agent that the document runs; nil if it does not tell.
        var agentVersion: String?
    }

    /// Regions of runs that are kept; beyond, all are looked up again.
    private static let capacity = 2_000
    private let known = Mutex<[String: Found]>([:])

    /// - Parameter client: the collector's own, in the region of the hosts.
    func document(_ settings: DiscoverySettings, job: String, _ client: AWSClient) async throws(AWSError) -> Found {
        let wanted = settings.document
        guard wanted.version == DiscoverySettings.Document.defaultVersion else {
            return Found(version: wanted.version, hash: wanted.hash)
        }
        let key = "\(job) \(client.region)"
        if let found = known.withLock({ $0[key] }) { return found }
        let document: SSM.Document
        do throws(AWSError) {
            document = try await client.send(SSM.DescribeDocument(name: wanted.name)).document
        } catch {
            guard error.kind == .notFound else { throw error }
            var error = error
            error.message +=
                ": publish the document \(wanted.name) in \(client.region) with `dbcensus-collector deploy apply`"
            throw error
        }
        let hash = document.hash?.lowercased()
        let accepted = [wanted.hash, wanted.previousHash].compactMap { $0?.lowercased() }
        guard accepted.isEmpty || hash.map(accepted.contains) ?? false else {
            throw AWSError(
                .configuration,
                "the document \(wanted.name) in \(client.region) has the SHA-256 \(hash ?? "unknown"), which is not "
                    + "discovery.document_hash: publish this release's document there with `dbcensus-collector deploy "
                    + "apply`, or correct the setting", code: "document_changed")
        }
        let found = Found(
            version: document.documentVersion ?? wanted.version, hash: hash,
            agentVersion: document.description.flatMap(Self.agentVersion))
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[key] = found
        }
        return found
    }

    /// The description begins with `dbcensus <version>:`.
    static func agentVersion(_ description: String) -> String? {
        description.prefixMatch(of: /dbcensus ([0-9A-Za-z.+-]{1,40}):/).map { String($0.1) }
    }
}
