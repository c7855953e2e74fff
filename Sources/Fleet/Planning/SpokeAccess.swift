import AWSClient
import Foundation
import Inventory
import Synchronization

/// Clients for the accounts of runs. A role is assumed once for a run and an account, and refreshed by itself.
final class SpokeAccess: Sendable {
    /// Clients are kept for so many runs and accounts; beyond, all are made anew.
    private static let capacity = 5_000

    private struct State {
        var hub: (client: AWSClient, account: String)?
        var spokes: [String: AWSClient] = [:]
        var management: String?
    }

    private let environment: FleetEnvironment
    private let state = Mutex(State())

    init(_ environment: FleetEnvironment) { self.environment = environment }

    /// The account that manages the organisation, once a run found it.
    var management: String? {
        get { state.withLock { $0.management } }
        set { state.withLock { $0.management = newValue } }
    }

    /// The collector's own client, and its account.
    func hub() async throws(AWSError) -> (client: AWSClient, account: String) {
        if let hub = state.withLock({ $0.hub }) { return hub }
        var client = try await environment.hub()
        let account = try await client.send(STS.GetCallerIdentity()).account
        client.account = account
        let hub = (client, account)
        state.withLock { $0.hub = hub }
        return hub
    }

    /// The client of an account, in the hub's region.
    func spoke(_ account: String, _ job: Job, _ settings: DiscoverySettings) async throws(AWSError) -> AWSClient {
        let key = "\(job.id) \(account)"
        if let client = state.withLock({ $0.spokes[key] }) { return client }
        let hub = try await hub()
        guard let role = settings.roleName else {
            guard account == hub.account else {
                throw AWSError(
                    .denied,
                    "discovery.role_name is none, so only the account \(hub.account) of the caller can be scanned")
            }
            return hub.client
        }
        let partition = Partition.of(hub.client.region).id
        let own = settings.accounts.first { $0.id == account }?.roleARN
        let client = hub.client.assuming(
            role: own ?? "arn:\(partition):iam::\(account):role/\(role)", session: Self.session(job.id),
            externalID: try environment.externalID(),
            tags: settings.tagsSessions
                ? ["dbcensus-job": job.id, "dbcensus-requester": Self.tagValue(job.requestedBy)] : [:],
            sourceIdentity: settings.tagsSessions ? Self.session(job.requestedBy) : nil)
        return state.withLock { state in
            // Of two tasks that came at once the first one's is kept: the role is assumed once.
            if let known = state.spokes[key] { return known }
            if state.spokes.count >= Self.capacity { state.spokes = [:] }
            state.spokes[key] = client
            return client
        }
    }

    /// The document's name for an account: its full ARN where the hub shares it.
    static func document(
        _ settings: DiscoverySettings, _ client: AWSClient, hub: String, account: String
    ) -> String {
        let name = settings.document.name
        if name.hasPrefix("arn:") || account == hub { return name }
        return "arn:\(Partition.of(client.region).id):ssm:\(client.region):\(hub):document/\(name)"
    }

    /// A text as the name of a session or a source identity: 2 to 64 letters, digits and `=,.@-_`.
    static func session(_ text: String) -> String {
        let kept = text.unicodeScalars.map { scalar -> Character in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "=,.@-_".unicodeScalars.contains(scalar))
                ? Character(scalar) : "-"
        }
        let name = String(kept.prefix(64))
        return name.count < 2 ? "dbcensus" : name
    }

    /// A text as the value of a session tag: letters, digits, blanks and `_.:/=+-@`, at most 256.
    private static func tagValue(_ text: String) -> String { String(session(text).prefix(256)) }
}
