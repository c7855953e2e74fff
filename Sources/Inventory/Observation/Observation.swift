import FoundationEssentials
import Report

/// What one look at one place found: the report of a host, or one AWS service's listing in an account and region.
public struct Observation: Sendable {
    /// Where it looked.
    public let place: Place
    /// When the look began.
    public let startedAt: Date
    /// The same, as the store writes times.
    public let started: String
    /// Whether it names every database that is there: what it does not name is missing.
    public let isComplete: Bool
    /// Whether it left out some of what it knew, so that null says nothing.
    public let leavesOut: Bool
    /// Whether it saw processes. A report of a snapshot, an image or a container says nothing of servers that run.
    public let seesProcesses: Bool
    /// The databases.
    public let databases: [ObservedDatabase]
    /// The report or the listing as it came: one gzip member with its JSON.
    public let body: [UInt8]
    /// Who sent it: a token's id, or `cli`.
    public var sender = Observation.commandLine
    /// What the sender may report.
    public var bounds = Bounds()
    /// Which users' databases may be missing from it.
    private let scan: Report.Scan?

    /// The sender of the command line: an operator, who may report for every host and becomes no host's sender.
    public static let commandLine = "cli"

    /// The observation in a report.
    ///
    /// - Parameters:
    ///   - report: a report, or with `gzip` its outline.
    ///   - gzip: exactly one gzip member that holds the report's JSON as it came; without it, the report's own JSON.
    /// - Throws: `Refusal` when the report is invalid.
    public init(_ report: Report, gzip: [UInt8]? = nil, catalog: Catalog = .standard) throws(Refusal) {
        guard let host = ObservedHost(report, catalog.hosts) else {
            throw Refusal(.noIdentity, "the host has no instance id, no machine id and no name")
        }
        if let gzip {
            body = gzip
        } else {
            do throws(ReportError) { body = try Gzip.compress(try report.json(.minified)) } catch {
                throw Refusal(.invalid, "\(error)")
            }
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
        databases = report.databases.map { ObservedDatabase($0, catalog.historical) }
        scan = report.scan
    }

    /// The observation in a listing.
    ///
    /// - Parameter gzip: as for a report.
    /// - Throws: `Refusal` when the listing is invalid.
    public init(_ listing: Listing, gzip: [UInt8]? = nil, catalog: Catalog = .standard) throws(Refusal) {
        if let invalid = listing.invalid { throw Refusal(.invalid, invalid) }
        if let gzip {
            body = gzip
        } else {
            do { body = try Gzip.compress(Array(Report.encoder(.minified).encode(listing))) } catch {
                throw Refusal(.invalid, "\(error)")
            }
        }
        place = .scope(listing.scope, service: listing.service)
        startedAt = listing.startedAt
        started = Timestamp.format(listing.startedAt)
        isComplete = listing.isComplete
        leavesOut = false
        seesProcesses = true
        databases = listing.databases.map { ObservedDatabase($0, catalog.historical) }
        scan = nil
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
        if let name = names.first(where: { $0.1?.utf8.count ?? 0 > 255 }) { return "\(name.0) has more than 255 bytes" }
        return databases.lazy.compactMap(\.tooLong).first
    }
}

extension Report.Database {
    /// What is wrong when a name or a path is longer than a real one can be.
    var tooLong: String? {
        var short = listeners.map(\.address) + listeners.map(\.exposure.rawValue) + identity.values
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
