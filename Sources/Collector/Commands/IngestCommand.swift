import ArgumentParser
import Foundation
import Inventory
import Store
import Terminal

/// `dbcensus-collector ingest`: puts reports into the store.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Store reports: frames, gzip or JSON, one or many in each file.",
        discussion: """
            Reads every format of the agent, with other lines around frames, and the output of `aws ssm \
            get-command-invocation` and `list-command-invocations`. Valid reports are stored even when others are \
            rejected; the exit status is then 65.
            """)

    @Argument(help: "Files; - is standard input.", completion: .file())
    var files: [String]

    @OptionGroup var store: StoreOptions

    @Option(help: "How to write what became of each report.")
    var format: ListFormat = .table

    func run() throws {
        let inventory = try store.open()
        var rows: [ListRow] = []
        var problems: [String] = []
        var stored = 0
        var isUnreadable = false
        var failure: StoreError?
        func add(_ file: String, _ result: IngestResult) {
            rows.append(.ingested(file, result))
            if ["stored", "older"].contains(result.outcome) { stored += 1 }
            if ["rejected", "unreadable"].contains(result.outcome) {
                problems.append("\(file): byte \(result.byte): \(rows.last?.reason.text ?? "")")
            }
        }
        for file in files where failure == nil {
            do {
                var entries = ReportFile.entries(in: try InputFile.read(file))[...]
                while !entries.isEmpty {
                    let batch = try IncomingReport.all(entries.prefix(IngestBatch.reports), digests: inventory.digests)
                    try inventory.take(batch, sender: Observation.commandLine).forEach { add(file, $0) }
                    entries = entries.dropFirst(batch.count)
                }
            } catch let error as InputError {
                isUnreadable = true
                var result = IngestResult(byte: 0, outcome: "unreadable")
                result.reason = error.message
                add(file, result)
            } catch let error as StoreError {
                failure = error
            }
        }
        // What was stored before a store failed is stored: the list comes before the failure.
        try Page(items: rows, next_cursor: nil).write(.ingested, format)
        if let failure { throw failure }
        let names = files.joined(separator: " ").prefix(400)
        if stored > 0 { try inventory.audit("ingest", target: "\(stored) reports from \(names)") }
        for problem in problems { Talk.say(problem) }
        guard problems.isEmpty else {
            throw CollectorError(
                exitCode: isUnreadable ? .noInput : .badInput,
                message: "\(problems.count) of \(rows.count) reports were not stored")
        }
    }
}

extension List {
    /// What became of each report of some files.
    static let ingested = List(
        "ingest", item: "Ingested", whenEmpty: "There was no report.", filters: nil,
        fields: [
            Field("file", "The file.").cell("FILE", .cutFront),
            Field("byte", .integer, "The byte of the file at which the report begins.").cell("BYTE", right: true),
            Field("outcome", "stored, duplicate, older, rejected or unreadable.").cell("OUTCOME"),
            Field("host_id", optional: true, "The host.").cell("HOST"),
            Field("databases", .integer, optional: true, "Its databases.").cell("DATABASES", right: true),
            Field("reason", optional: true, "Why it was not stored."),
        ])
}

extension ListRow {
    fileprivate static func ingested(_ file: String, _ result: IngestResult) -> ListRow {
        let reason = result.reason.map { reason in result.place.map { "\($0): \(reason)" } ?? reason }
        return ListRow(
            .ingested,
            [
                .text(file), Value(result.byte), .text(result.outcome), Value(result.host_id), Value(result.databases),
                Value(reason),
            ])
    }
}
