import ArgumentParser
import Store
import Terminal

/// `dbcensus-collector changes`: what happened.
struct ChangesCommand: InventoryList {
    static let configuration = CommandConfiguration(
        commandName: "changes", abstract: "Lists what changed, the last recorded first.",
        discussion: "Fields of --where: \(ListReference.changes.names). Orders: \(ListReference.changes.orders).")

    @OptionGroup var list: ListOptions

    @Option(help: "Only this database, by its id.")
    var database: String?

    @Option(help: "Only this kind, such as version_changed.")
    var kind: String?

    @Option(help: "Only since this time, or date.")
    var since: String?

    func request() -> ListRequest {
        var request = list.request([("database", database), ("kind", kind)])
        if let since { request.conditions += Condition.parse("at", ">=" + since) }
        return request
    }

    static let path = "changes"
    static var columns: [ListColumn<ChangeRow>] { ChangeRow.columns }
    static func read(_ store: InventoryStore, _ request: ListRequest) throws -> Page<ChangeRow> {
        try store.changes(request)
    }

    static func table(_ rows: [ChangeRow]) -> String {
        guard !rows.isEmpty else { return "No such change is recorded.\n" }
        var table = Table([
            .init("TIME"), .init("HOST", fit: .cutEnd), .init("CHANGE"), .init("BEFORE", fit: .cutEnd),
            .init("AFTER", fit: .cutEnd), .init("DATABASE", fit: .cutFront),
        ])
        for row in rows {
            let kind = row.kind == "moved" ? "moved (\(row.field ?? ""))" : row.kind
            table.add([
                String(row.at.prefix(16)), row.hostname ?? row.host_id, kind, row.before ?? "-", row.after ?? "-",
                row.key,
            ])
        }
        return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
    }
}
