import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// `dbcensus-collector ingest`: puts reports into the store.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Stores reports: frames, gzip or JSON, one or many a file.",
        discussion: """
            Takes what the agent writes in any format, with other lines around frames, and what `aws ssm get-command-invocation` or \
            `list-command-invocations` printed. Good reports are stored even when others are refused; then the exit status is 65.
            """)

    @Argument(help: "Files; - is standard input.", completion: .file())
    var files: [String]

    @OptionGroup var store: StoreOptions

    @Option(help: "How to write what became of each report.")
    var format: ListFormat = .table

    func run() throws {
        let inventory = try InventoryStore(path: store.store)
        var results: [FileResult] = []
        var unreadable = false
        var failure: StoreError?
        for file in files where failure == nil {
            do {
                var entries = ReportFile.entries(in: try InputFile.read(file))[...]
                while !entries.isEmpty {
                    let batch = entries.prefix(InventoryStore.batchLimit).map { Intake($0) }
                    results += try inventory.take(batch, source: "cli").map { FileResult(file: file, result: $0) }
                    entries = entries.dropFirst(batch.count)
                }
            } catch let error as InputError {
                unreadable = true
                var result = IngestResult(byte: 0, outcome: "unreadable")
                result.reason = error.message
                results.append(FileResult(file: file, result: result))
            } catch let error as StoreError {
                failure = error
            }
        }
        // What was stored before a store failed is stored: it is told before the failure is.
        try Page(items: results, next_cursor: nil).write(format, columns: FileResult.columns, table: FileResult.table)
        if let failure { throw failure }
        let taken = results.count { ["stored", "older"].contains($0.outcome) }
        let names = files.joined(separator: " ").prefix(400)
        if taken > 0 { try inventory.audit("ingest", target: "\(taken) reports from \(names)") }
        let refused = results.filter { $0.outcome == "rejected" || $0.outcome == "unreadable" }
        for result in refused { Talk.say("\(result.file): byte \(result.byte): \(result.reason ?? "")") }
        if !refused.isEmpty {
            throw CollectorError(
                exitCode: unreadable ? .noInput : .badInput, message: "\(refused.count) of \(results.count) refused")
        }
    }
}

/// What became of one report of a file.
struct FileResult: Codable, Sendable {
    var file: String
    var byte: Int
    var outcome: String
    @ExplicitNull var host_id: String?
    @ExplicitNull var databases: Int?
    @ExplicitNull var reason: String?

    init(file: String, result: IngestResult) {
        self.file = file
        byte = result.byte
        outcome = result.outcome
        host_id = result.host_id
        databases = result.databases
        reason = result.reason.map { reason in result.place.map { "\($0): \(reason)" } ?? reason }
    }

    static let columns: [ListColumn<FileResult>] = [
        .init("file") { $0.file }, .init("byte") { "\($0.byte)" }, .init("outcome") { $0.outcome },
        .init("host_id") { $0.host_id }, .init("databases", number: { $0.databases.map(Int64.init) }),
        .init("reason") { $0.reason },
    ]

    static func table(_ rows: [FileResult]) -> String {
        var table = Table([
            .init("FILE", fit: .cutFront), .init("BYTE", right: true), .init("OUTCOME"), .init("HOST"),
            .init("DATABASES", right: true),
        ])
        for row in rows {
            table.add([row.file, "\(row.byte)", row.outcome, row.host_id ?? "-", row.databases.map { "\($0)" } ?? "-"])
        }
        return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
    }
}
