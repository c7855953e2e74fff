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
        /// It contradicts what is stored.
        case contradiction
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
        self.report = report
        self.identity = identity
        startedAt = Timestamp.format(report.scan.startedAt)
        databases = report.databases.map { IncomingDatabase($0, account: report.host.cloud?.accountID) }
    }

    /// The report's JSON as one gzip member, as it is kept.
    public var gzip: [UInt8] { body }

    /// Reports that leave something out on purpose: what they do not say stays as it was known.
    var isThin: Bool {
        report.scan.status == .partial || report.scan.problems.contains { $0.code == "output_limit" }
    }

    /// A snapshot or an image has no processes: its report says nothing about servers that run on the host.
    var hasProcesses: Bool { !report.scan.problems.contains { $0.code == "no_process_table" } }
}

/// One database of a report, as the columns of the store.
struct IncomingDatabase: Sendable {
    var key: String
    var state: DatabaseState
    /// What no other server has: PostgreSQL's system identifier, MySQL's server UUID.
    var serverIdentity: String?
    var bytes: Int64?
    var bytesComplete: Bool?

    /// More than this is no size: its sums would leave 64 bits.
    static let largestBytes = Int64(1) << 53

    init(_ database: Report.Database, account: String?) {
        key = database.key
        state = DatabaseState(engine: database.engine, state: database.state.rawValue)
        state.vendor = database.vendor
        state.version = database.version
        state.versionPrecision = database.versionPrecision?.rawValue
        let listener = database.listeners.first { $0.purpose == "client" } ?? database.listeners.first
        state.address = listener?.address
        state.port = listener.map { Int($0.port) }
        let exposures = Set(database.listeners.map(\.exposure))
        state.exposure = [.all, .private, .loopback].first(where: exposures.contains)?.rawValue
        state.role = database.role?.rawValue
        state.dataDirectory = database.dataDirectories.first { $0.purpose == .data }.map { $0.hostPath ?? $0.path }
        state.container = database.container.map { $0.name ?? $0.id }
        state.containerImage = database.container?.image
        state.clusterID = Self.cluster(database, account: account)
        serverIdentity =
            ["system_identifier", "server_uuid"].lazy
            .compactMap { name in database.identity[name].map { "\(name):\($0)" } }.first
        let sizes = database.dataDirectories.compactMap(\.bytes)
        bytes = sizes.isEmpty ? nil : sizes.reduce(0) { min($0 + min($1, Self.largestBytes), Self.largestBytes) }
        bytesComplete = bytes.map { _ in database.dataDirectories.allSatisfy(\.complete) }
    }

    /// What the members of one cluster share. A name is no more than that: it counts within one account.
    private static func cluster(_ database: Report.Database, account: String?) -> String? {
        for name in ["system_identifier", "galera_cluster_uuid", "replication_group"] {
            if let value = database.identity[name] { return "\(database.engine):\(name):\(value)" }
        }
        // A router names the replica set of its configuration servers, and belongs to them.
        for (name, kind) in [
            ("replica_set", "replica_set"), ("config_replica_set", "replica_set"), ("galera_cluster", "galera_cluster"),
        ] {
            if let value = database.identity[name] { return "\(database.engine):\(kind):\(value)@\(account ?? "")" }
        }
        return nil
    }
}
