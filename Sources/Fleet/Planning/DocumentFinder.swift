import AWSClient
import Inventory
import Synchronization

/// Which version of the document a run sends in a region, and what its SHA-256 is.
///
/// The first batch of a region looks it up, and the store keeps it for all workers: a version that becomes the default
/// one later is for later runs.
final class DocumentFinder: Sendable {
    /// Regions of runs that are kept; beyond, all are looked up again.
    private static let capacity = 2_000
    private let known = Mutex<[String: RunDocument]>([:])

    /// - Parameter client: the collector's own, in the region of the hosts.
    func document(
        _ settings: DiscoverySettings, job: Job, _ client: AWSClient, _ environment: FleetEnvironment
    ) async throws -> RunDocument {
        let (key, region) = ("\(job.id) \(client.region)", client.region)
        if let found = known(key) { return found }
        let kept: RunDocument
        if let found = try await environment.stored({ try $0.document(of: job.row, in: region) }) {
            kept = found
        } else {
            let found = try await look(settings, client)
            kept = try await environment.stored { try $0.keep(found, of: job.row, in: region) }
        }
        return remember(kept, key)
    }

    /// The version that a run would send, looked up once in each region.
    func preview(_ settings: DiscoverySettings, _ client: AWSClient) async throws(AWSError) -> RunDocument {
        if let found = known(client.region) { return found }
        return remember(try await look(settings, client), client.region)
    }

    private func known(_ key: String) -> RunDocument? { known.withLock { $0[key] } }

    private func remember(_ document: RunDocument, _ key: String) -> RunDocument {
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[key] = document
        }
        return document
    }

    /// The version that is the default one now.
    private func look(_ settings: DiscoverySettings, _ client: AWSClient) async throws(AWSError) -> RunDocument {
        let wanted = settings.document
        guard wanted.version == DiscoverySettings.Document.defaultVersion else {
            return RunDocument(version: wanted.version, hash: wanted.hash)
        }
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
        return RunDocument(
            version: document.documentVersion ?? wanted.version, hash: hash,
            agentVersion: document.description.flatMap(Self.agentVersion))
    }

    /// The description begins with `dbcensus <version>:`.
    static func agentVersion(_ description: String) -> String? {
        description.prefixMatch(of: /dbcensus ([0-9A-Za-z.+-]{1,40}):/).map { String($0.1) }
    }
}
