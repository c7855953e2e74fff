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
        try page.write(list.format, columns: Self.columns, table: Self.table)
    }

    static let columns: [ListColumn<HostRow>] = [
        .init("id") { $0.id }, .init("hostname") { $0.hostname }, .init("account_id") { $0.account_id },
        .init("region") { $0.region }, .init("instance_id") { $0.instance_id }, .init("machine_id") { $0.machine_id },
        .init("os") { $0.os }, .init("os_id") { $0.os_id }, .init("os_version") { $0.os_version },
        .init("kernel") { $0.kernel }, .init("architecture") { $0.architecture },
        .init("cpus", number: { $0.cpus.map(Int64.init) }), .init("memory_bytes", number: { $0.memory_bytes }),
        .init("databases") { "\($0.databases)" }, .init("scan_status") { $0.scan_status },
        .init("agent_version") { $0.agent_version }, .init("first_seen") { $0.first_seen },
        .init("last_seen") { $0.last_seen },
    ]

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
