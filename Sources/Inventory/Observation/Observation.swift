import FoundationEssentials
import Report

/// What one look at one place found: the report of a host, or one AWS service's listing in an account and region.
public struct Observation: Sendable {
    /// Where it looked.
    public internal(set) var place: Place
    /// When the look began.
    public internal(set) var startedAt: Date
    /// The same, as the store writes times.
    public internal(set) var started: String
    /// Whether it names every database that is there: what it does not name is missing.
    public let isComplete: Bool
    /// Whether it left out some of what it knew, so that null says nothing.
    public let leavesOut: Bool
    /// Whether it saw processes. A report of a snapshot, an image or a container says nothing of servers that run.
    public let seesProcesses: Bool
    /// How many databases it names.
    public let databaseCount: Int
    /// A digest of what lasts in a host's report: an equal one of the same host says nothing new. Nil where there is
    /// none.
    public let digest: Int64?
    /// The report or the listing as it came, compressed: see `Packed`.
    public let body: [UInt8]
    /// Who sent it: a token's id, or `cli`.
    public var sender = Observation.commandLine
    /// What the sender may report.
    public var bounds = Bounds()
    /// What AWS says of its host; nil where the report says it of itself.
    public internal(set) var voucher: Voucher?
    /// Which users' databases may be missing from it.
    private let scan: Report.Scan?
    private let content: Content
    private let catalog: Catalog

    /// Its databases, which are decoded only when somebody asks for them.
    private enum Content: Sendable {
        case read([ObservedDatabase])
        /// The report's JSON.
        case unread([UInt8])
    }

    /// The sender of the command line: an operator, who may report for every host and becomes no host's sender.
    public static let commandLine = "cli"

    /// The observation in a report.
    ///
    /// - Throws: `Refusal` when the report is invalid.
    public init(_ report: Report, catalog: Catalog = .current) throws(Refusal) {
        let json: [UInt8]
        let packed: [UInt8]
        do throws(ReportError) { (json, packed) = try Self.bytes(of: report) } catch {
            throw Refusal(.invalid, error.message)
        }
        try self.init(report, packed: packed, digest: ReportDigest(json, catalog)?.digest, catalog)
    }

    private static func bytes(of report: Report) throws(ReportError) -> (json: [UInt8], packed: [UInt8]) {
        let json = try report.json(.minified)
        return (json, try Packed.compress(json))
    }

    /// The observation in a stored or received body.
    ///
    /// - Parameters:
    ///   - packed: the report's compressed JSON, as it came: see `Packed`.
    ///   - json: the same, inflated.
    /// - Throws: `ReportError` when it cannot be decoded, `Refusal` when it is invalid.
    public init(packed: [UInt8], json: [UInt8], catalog: Catalog) throws {
        let report = try Report.decode(json: json, catalog.extent)
        try self.init(report, packed: packed, digest: ReportDigest(json, catalog)?.digest, catalog)
    }

    /// The observation in a report.
    ///
    /// - Parameters:
    ///   - report: the report, as far as `catalog` needs it.
    ///   - packed: the report's compressed JSON, as it came: see `Packed`.
    /// - Throws: `Refusal` when the report is invalid.
    init(_ report: Report, packed: [UInt8], digest: Int64?, _ catalog: Catalog) throws(Refusal) {
        if let long = report.databases.lazy.compactMap(\.tooLong).first { throw Refusal(.invalid, long) }
        let databases = report.databases.map { ObservedDatabase($0, catalog.historical) }
        try self.init(
            head: report, packed: packed, digest: digest, catalog, count: databases.count, content: .read(databases))
    }

    /// The observation in a report that was looked over: its databases are not decoded yet.
    init(
        unread report: ReportDigest, _ head: Report, packed: [UInt8], json: [UInt8], _ catalog: Catalog
    ) throws(Refusal) {
        try self.init(
            head: head, packed: packed, digest: report.digest, catalog, count: report.databases,
            content: .unread(json))
    }

    private init(
        head report: Report, packed: [UInt8], digest: Int64?, _ catalog: Catalog, count: Int, content: Content
    ) throws(Refusal) {
        guard let host = ObservedHost(report, catalog.hosts) else {
            throw Refusal(.noIdentity, "the host has no instance id, no machine id and no name")
        }
        if let long = report.tooLong { throw Refusal(.invalid, long) }
        let codes = report.scan.problems.map(\.code)
        let seesProcesses = !codes.contains { $0 == "no_process_table" || $0 == "not_host_namespace" }
        place = .host(host)
        startedAt = report.scan.startedAt
        started = Timestamp.format(report.scan.startedAt)
        isComplete = report.scan.status == .complete && seesProcesses
        leavesOut = report.scan.status == .partial || codes.contains("output_limit")
        self.seesProcesses = seesProcesses
        // What a report leaves out says nothing: it cannot be told from another one by what it has.
        self.digest = isComplete && !leavesOut ? digest : nil
        databaseCount = count
        body = packed
        scan = report.scan
        (self.content, self.catalog) = (content, catalog)
    }

    /// The observation in a listing.
    ///
    /// - Parameter packed: as for a report.
    /// - Throws: `Refusal` when the listing is invalid.
    public init(_ listing: Listing, packed: [UInt8]? = nil, catalog: Catalog = .current) throws(Refusal) {
        if let invalid = listing.invalid { throw Refusal(.invalid, invalid) }
        if let packed {
            body = packed
        } else {
            do { body = try Packed.compress(Array(Report.encoder(.minified).encode(listing))) } catch {
                throw Refusal(.invalid, "\(error)")
            }
        }
        place = .scope(listing.scope, service: listing.service)
        startedAt = listing.startedAt
        started = Timestamp.format(listing.startedAt)
        isComplete = listing.isComplete
        leavesOut = false
        seesProcesses = true
        let databases = listing.databases.map { ObservedDatabase($0, catalog.historical) }
        (databaseCount, digest, scan) = (databases.count, nil, nil)
        (content, self.catalog) = (.read(databases), catalog)
    }

    /// Whether its databases were decoded already.
    public var isDecoded: Bool { if case .read = content { true } else { false } }

    /// The databases.
    ///
    /// - Throws: `Refusal` when the report was not decoded yet, and turns out to be invalid.
    public func databases() throws(Refusal) -> [ObservedDatabase] {
        switch content {
        case .read(let databases): return databases
        case .unread(let json):
            let report: Report
            do throws(ReportError) { report = try Report.decode(json: json, catalog.extent) } catch {
                throw Refusal(.undecodable, error.message)
            }
            if let long = report.databases.lazy.compactMap(\.tooLong).first { throw Refusal(.invalid, long) }
            return report.databases.map { ObservedDatabase($0, catalog.historical) }
        }
    }

    /// Whether a database of this owner may be missing from a complete observation. With an unknown owner: whether
    /// anybody's may be.
    public func limits(_ owner: Int64?) -> Bool {
        guard let scan, !scan.limitedUsers.isEmpty else { return false }
        return owner.flatMap { UInt32(exactly: $0) }.map(scan.limits) ?? true
    }
}

extension Report {
    /// The first name or path that is longer than a real one can be; the store repeats names in every row of a host.
    fileprivate var tooLong: String? {
        let names: [(String, String?)] = [
            ("hostname", host.hostname), ("os.name", host.os?.name), ("os.id", host.os?.id),
            ("os.version", host.os?.version), ("kernel", host.kernel), ("architecture", host.architecture),
            ("cloud.region", host.cloud?.region), ("agent.version", agent.version),
        ]
        return names.first { $0.1?.utf8.count ?? 0 > 255 }.map { "\($0.0) has more than 255 bytes" }
    }
}

extension Report.Database {
    /// What is wrong when a name or a path is longer than a real one can be.
    var tooLong: String? {
        var short = listeners.map(\.address) + listeners.map(\.exposure.rawValue)
        short += identity.values
        short += [
            vendor, version, versionPrecision?.rawValue, state.rawValue, role?.rawValue, container?.name, container?.id,
        ].compactMap { $0 }
        var long = [key] + dataDirectories.map(\.path)
        long += dataDirectories.compactMap(\.hostPath) + [container?.image].compactMap { $0 }
        guard short.contains(where: { $0.utf8.count > 255 }) || long.contains(where: { $0.utf8.count > 4_096 }) else {
            return nil
        }
        return "\"\(key.prefix(80))\" has a name of more than 255 bytes or a path of more than 4096"
    }
}
