import ArgumentParser
import Store
import Terminal

/// `dbcensus-collector hosts`: the hosts that reported.
struct HostsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hosts", abstract: "Lists the hosts that reported.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var list: ListOptions

    func run() throws {
        let page = try InventoryStore(path: store.store, mode: .read).hosts(list.request)
        try page.write(list.format, columns: HostRow.columns, table: Self.table)
    }

    static func table(_ rows: [HostRow]) -> String {
        guard !rows.isEmpty else { return "No host has reported yet.\n" }
        var table = Table([
            .init("HOST", fit: .cutEnd), .init("ID", fit: .cutEnd), .init("SYSTEM", fit: .cutEnd),
            .init("DATABASES", right: true),
            .init("SCAN"), .init("LAST SEEN"),
        ])
        for row in rows {
            table.add([
                row.hostname ?? "-", row.id, row.os ?? "-", "\(row.databases)", row.scan_status,
                String(row.last_seen.prefix(16)),
            ])
        }
        return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
    }
}
