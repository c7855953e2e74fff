import FoundationEssentials
import Report

/// Why a report that could be read is not taken; the report is kept as a dead letter.
public struct Refusal: Error, Sendable, Equatable {
    /// The kinds of refusal, for programs.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// No instance id, no machine id, no name.
        case noIdentity = "no_identity"
        /// It breaks the rules of a report: two databases with one key, a negative size, too many databases.
        case invalid
        /// It is of a schema that this program does not read.
        case unknownSchema = "unknown_schema"
        /// The scan began further in the future than clocks go wrong.
        case future
        /// The scan began before 2020, or at a time that no calendar has: the host's clock was never set.
        case past
        /// It contradicts what is stored.
        case contradiction
        /// Another sender reports for this host.
        case foreignSender = "foreign_sender"
        /// It names another account or region than the instance has.
        case identityConflict = "identity_conflict"
        /// The token may not report for this account, region or host.
        case outOfBounds = "out_of_bounds"
    }

    /// The kind of refusal.
    public var code: Code
    /// One sentence for people.
    public var message: String

    /// A refusal of the kind `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// A report that was read, checked and made ready, so that the writer's turn is short.
public struct IncomingReport: Sendable {
    /// The report, or its outline.
    public let report: Report
    /// When the scan began, as text.
    let startedAt: String
    /// Who sent it: a token's id, or `cli`.
    public var source = IncomingReport.commandLine
    /// What the sender may report.
    public var bounds = SenderBounds()
    /// The command line's own source: an operator, who may report for every host and becomes no host's sender.
    public static let commandLine = "cli"
    /// How the host is known.
    let identity: HostIdentity
    /// Gzip of the JSON as it came, with keys that this program does not know.
    let body: [UInt8]
    let databases: [IncomingDatabase]

    /// Makes `report` ready.
    ///
    /// - Parameters:
    ///   - report: a report, or with `gzip` its outline.
    ///   - gzip: exactly one gzip member that holds the report's JSON as it came; the report's own without it.
    /// - Throws: `Refusal` when it makes no sense.
    public init(_ report: Report, gzip: [UInt8]? = nil) throws(Refusal) {
        guard let identity = HostIdentity(report.host) else {
            throw Refusal(.noIdentity, "the host has no instance id, no machine id and no name")
        }
        if let gzip {
            body = gzip
        } else {
            do throws(ReportError) { body = try Gzip.compress(try report.json(.minified)) } catch {
                throw Refusal(.invalid, "\(error)")
            }
        }
        if let long = Self.tooLong(report) { throw Refusal(.invalid, long) }
        self.report = report
        self.identity = identity
        startedAt = Timestamp.format(report.scan.startedAt)
        databases = report.databases.map(IncomingDatabase.init)
    }

    /// What is longer than it can be: the store repeats names in every row of a host.
    private static func tooLong(_ report: Report) -> String? {
        let host = report.host
        let names: [(String, String?)] = [
            ("hostname", host.hostname), ("os.name", host.os?.name), ("os.id", host.os?.id),
            ("os.version", host.os?.version), ("kernel", host.kernel), ("architecture", host.architecture),
            ("cloud.region", host.cloud?.region), ("agent.version", report.agent.version),
        ]
        if let name = names.first(where: { $0.1?.utf8.count ?? 0 > 255 }) { return "\(name.0) has more than 255 bytes" }
        for database in report.databases {
            var short = database.listeners.map(\.address) + database.identity.values
            short += [database.vendor, database.version, database.container?.name, database.container?.id].compactMap {
                $0
            }
            var long = [database.key] + database.dataDirectories.map(\.path)
            long += database.dataDirectories.compactMap(\.hostPath) + [database.container?.image].compactMap { $0 }
            if short.contains(where: { $0.utf8.count > 255 }) || long.contains(where: { $0.utf8.count > 4_096 }) {
                return "\"\(database.key.prefix(80))\" has a name of more than 255 bytes or a path of more than 4096"
            }
        }
        return nil
    }

    /// The report's JSON as one gzip member, as it is kept.
    public var gzip: [UInt8] { body }

    /// Reports that leave something out on purpose: what they do not say stays as it was known.
    var isThin: Bool {
        report.scan.status == .partial || report.scan.problems.contains { $0.code == "output_limit" }
    }

    /// A snapshot or an image has no processes, and a container others than the host: such a report tells nothing of servers that run on the host.
    var hasProcesses: Bool {
        !report.scan.problems.contains { ["no_process_table", "not_host_namespace"].contains($0.code) }
    }
}

/// One database of a report, as the columns of the store.
struct IncomingDatabase: Sendable {
    var key: String
    var state: DatabaseState
    /// What no other server has: PostgreSQL's system identifier, MySQL's server UUID.
    var serverIdentity: String?
    /// What it shares with the members of its cluster.
    var cluster: ClusterName?
    var bytes: Int64?
    var bytesComplete: Bool?
    /// The owner of its data directory; nil where it has none, or an older agent reported.
    var ownerUID: Int64?

    /// More than this is no size: its sums would leave 64 bits.
    static let largestBytes = Int64(1) << 50

    init(_ database: Report.Database) {
        key = database.key
        state = DatabaseState(engine: database.engine, state: database.state.rawValue)
        state.vendor = database.vendor
        state.version = database.version
        state.versionPrecision = database.versionPrecision?.rawValue
        // The same one whatever order a report has them in.
        let clients = database.listeners.filter { $0.purpose == "client" }
        let listener = (clients.isEmpty ? database.listeners : clients)
            .min { ($0.port, $0.address) < ($1.port, $1.address) }
        state.address = listener?.address
        state.port = listener.map { Int($0.port) }
        let exposures = Set(database.listeners.map(\.exposure))
        state.exposure = [.all, .private, .loopback].first(where: exposures.contains)?.rawValue
        state.role = database.role?.rawValue
        state.dataDirectory = database.dataDirectories.first { $0.purpose == .data }.map { $0.hostPath ?? $0.path }
        state.container = database.container.map { $0.name ?? $0.id }
        state.containerImage = database.container?.image
        cluster = ClusterName(database)
        serverIdentity =
            ["system_identifier", "server_uuid"].lazy
            .compactMap { name in database.identity[name].map { "\(name):\($0)" } }.first
        ownerUID = database.dataDirectories.first { $0.purpose == .data }?.uid.map(Int64.init)
        let sizes = database.dataDirectories.compactMap(\.bytes)
        bytes = sizes.isEmpty ? nil : sizes.reduce(0) { min($0 + min($1, Self.largestBytes), Self.largestBytes) }
        bytesComplete = bytes.map { _ in database.dataDirectories.allSatisfy(\.complete) }
    }
}

/// What the members of one cluster share.
struct ClusterName: Sendable {
    private var text: String

    init?(_ database: Report.Database) {
        // A router names the replica set of its configuration servers, and belongs to them.
        for (name, kind) in [
            ("system_identifier", "system_identifier"), ("galera_cluster_uuid", "galera_cluster_uuid"),
            ("replication_group", "replication_group"), ("replica_set", "replica_set"),
            ("config_replica_set", "replica_set"), ("galera_cluster", "galera_cluster"),
        ] {
            guard let value = database.identity[name] else { continue }
            text = "\(database.engine):\(kind):\(value)"
            return
        }
        return nil
    }

    /// The id among all clusters. An identity counts within one account: a report can claim any, and must not join another account's cluster.
    func id(in account: String?) -> String { "\(text)@\(account ?? "")" }
}
