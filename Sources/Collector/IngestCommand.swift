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
        var results: [IngestResult] = []
        var unreadable = false
        var failure: StoreError?
        for file in files where failure == nil {
            do {
                for entry in ReportFile.entries(in: try InputFile.read(file)) {
                    results.append(try Self.ingest(entry, file, inventory))
                }
            } catch let error as InputError {
                unreadable = true
                results.append(IngestResult(file: file, byte: 0, outcome: "unreadable", reason: error.message))
            } catch let error as StoreError {
                failure = error
            }
        }
        // What was stored before a store failed is stored: it is told before the failure is.
        try Page(items: results, next_cursor: nil).write(
            format, columns: IngestResult.columns, table: IngestResult.table)
        if let failure { throw failure }
        let refused = results.filter { $0.outcome == "rejected" || $0.outcome == "unreadable" }
        for result in refused { Talk.say("\(result.file): byte \(result.byte): \(result.reason ?? "")") }
        if !refused.isEmpty {
            throw CollectorError(
                exitCode: unreadable ? .noInput : .badInput, message: "\(refused.count) of \(results.count) refused")
        }
    }

    private static func ingest(
        _ entry: ReportFile.Entry, _ file: String, _ store: InventoryStore
    ) throws -> IngestResult {
        var result = IngestResult(file: file, byte: entry.offset, outcome: "rejected")
        func reason(_ text: String) -> String { entry.place.map { "\($0): \(text)" } ?? text }
        switch entry.report {
        case .failure(let error): result.reason = reason("\(error)")
        case .success(let report):
            let outcome: IngestOutcome
            do { outcome = try store.ingest(report, json: try? entry.json.get()) } catch let error as ReportError {
                outcome = .rejected(reason: "\(error)")
            }
            switch outcome {
            case .stored(let host, let count):
                (result.outcome, result.host_id, result.databases) = ("stored", host, count)
            case .duplicate(let host): (result.outcome, result.host_id) = ("duplicate", host)
            case .older(let host): (result.outcome, result.host_id) = ("older", host)
            case .rejected(let why): result.reason = reason(why)
            }
        }
        return result
    }
}

/// What became of one report.
struct IngestResult: Codable, Sendable {
    var file: String
    var byte: Int
    var outcome: String
    @ExplicitNull var host_id: String?
    @ExplicitNull var databases: Int?
    @ExplicitNull var reason: String?

    init(file: String, byte: Int, outcome: String, reason: String? = nil) {
        self.file = file
        self.byte = byte
        self.outcome = outcome
        self.reason = reason
    }

    static let columns: [ListColumn<IngestResult>] = [
        .init("file") { $0.file }, .init("byte") { "\($0.byte)" }, .init("outcome") { $0.outcome },
        .init("host_id") { $0.host_id }, .init("databases", number: { $0.databases.map(Int64.init) }),
        .init("reason") { $0.reason },
    ]

    static func table(_ rows: [IngestResult]) -> String {
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
