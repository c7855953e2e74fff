import HostView
import Report
import Terminal

/// A report as people read it.
struct ReportTable {
    private let report: Report
    private let width: Int

    init(_ report: Report, width: Int) {
        self.report = report
        self.width = width
    }

    /// The host, its databases, and on demand where each value comes from.
    func text(explained: Bool) -> String {
        var lines = PlainText.wrapped(headline, width: width) + [""]
        if report.databases.isEmpty {
            lines.append("No database found.")
        } else {
            lines += table.lines(width: width)
        }
        if explained { lines += report.databases.flatMap(explanation) + engines }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What went wrong, a line or a few each.
    func problems() -> [String] {
        guard !report.scan.problems.isEmpty else { return [] }
        let problems = report.scan.problems.map { "\($0.code): \($0.subject): \($0.message)" }
        return ["", "Problems (\(report.scan.status.rawValue) scan):"]
            + problems.flatMap { problem in
                PlainText.wrapped(problem, width: width - 4).enumerated().map {
                    ($0.offset == 0 ? "  " : "    ") + $0.element
                }
            }
    }

    private var headline: String {
        let host = report.host
        let parts: [String?] = [
            host.hostname ?? "unnamed host", host.cloud?.instanceID, host.os?.name,
            host.kernel.map { "Linux " + $0 }, host.cpus.map { "\($0) CPUs" }, host.memoryBytes.map(Units.bytes),
            "\(report.scan.processesSeen) processes, \(report.scan.durationMs) ms",
        ]
        return parts.compactMap { $0 }.joined(separator: " · ")
    }

    private var table: Table {
        var table = Table([
            .init("ENGINE"), .init("VERSION"), .init("STATE"), .init("LISTENS ON", fit: .cutEnd),
            .init("SIZE", right: true), .init("DATA DIRECTORY", fit: .cutFront),
        ])
        for database in report.databases {
            let data = database.dataDirectories.first
            let sizes = database.dataDirectories.compactMap(\.bytes)
            let complete = database.dataDirectories.allSatisfy(\.complete)
            table.add([
                database.engine, version(database), database.state.rawValue, listens(database),
                sizes.isEmpty ? "-" : (complete ? "" : "> ") + Units.bytes(sizes.reduce(0) { $0.saturating(plus: $1) }),
                data.map { $0.hostPath ?? $0.path } ?? database.process?.executable ?? softwarePath(database),
            ])
        }
        return table
    }

    private func version(_ database: Report.Database) -> String {
        guard let version = database.version else { return "?" }
        return database.versionPrecision == .major ? version + ".?" : version
    }

    private func softwarePath(_ database: Report.Database) -> String {
        database.evidence.first { $0.field == "state" }?.source ?? "-"
    }

    private func listens(_ database: Report.Database) -> String {
        let clients = database.listeners.filter { $0.purpose == "client" }
        // A published port is where clients come from.
        let published = clients.first { $0.containerPort != nil }
        guard let first = published ?? clients.first ?? database.listeners.first else {
            return database.unixSockets.first.map { "unix:" + $0 } ?? "-"
        }
        let address = first.exposure == .all ? "*" : first.protocol == .tcp6 ? "[\(first.address)]" : first.address
        let more = Set(database.listeners.map(\.port)).count - 1
        return "\(address):\(first.port)" + (more > 0 ? " +\(more)" : "")
    }

    /// How each engine's part went, such as `<id> = complete ← 3 ms`.
    private var engines: [String] {
        guard !report.scan.engines.isEmpty else { return [] }
        return ["", "engines"]
            + report.scan.engines.map { "  \($0.id) = \($0.outcome.rawValue) ← \($0.durationMs) ms" }
    }

    private func explanation(_ database: Report.Database) -> [String] {
        var lines = [""] + PlainText.wrapped(database.key, width: width)
        for evidence in database.evidence {
            let text = "\(evidence.field) = \(evidence.value)  ← \(evidence.source)"
            lines += PlainText.wrapped(text, width: width - 4).enumerated().map {
                ($0.offset == 0 ? "  " : "    ") + $0.element
            }
        }
        return lines
    }
}
