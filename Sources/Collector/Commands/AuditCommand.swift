import ArgumentParser
import Store
import Terminal

/// `dbcensus-collector audit`: who asked for and changed what.
struct AuditCommand: InventoryList {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Lists who asked for and changed what, the last line first.",
        discussion: "Fields of --where: \(ListReference.audit.names).")

    @OptionGroup var list: ListOptions

    func request() -> ListRequest { list.request() }

    static let path = "audit"
    static var columns: [ListColumn<AuditRow>] { AuditRow.columns }
    static func read(_ store: InventoryStore, _ request: ListRequest) throws -> Page<AuditRow> {
        try store.audit(request)
    }

    static func table(_ rows: [AuditRow]) -> String {
        guard !rows.isEmpty else { return "Nobody asked for anything.\n" }
        var table = Table([
            .init("TIME"), .init("WHO"), .init("FROM", drop: 2), .init("WHAT", fit: .cutEnd), .init("STATUS"),
            .init("TIMES", right: true, drop: 1), .init("ABOUT", fit: .cutEnd),
        ])
        for row in rows {
            table.add([
                String(row.at.prefix(19)), row.actor, row.address ?? "-", row.action, row.status.map { "\($0)" } ?? "-",
                "\(row.count)", row.target ?? "-",
            ])
        }
        return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
    }
}
