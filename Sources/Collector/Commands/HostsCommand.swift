import ArgumentParser
import Store
import Terminal

/// `dbcensus-collector hosts`: the hosts that reported, and their end.
struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Lists the hosts that reported; retires, forgets and splits them.",
        subcommands: [
            HostsListCommand.self, HostsRetireCommand.self, HostsForgetCommand.self, HostsSplitCommand.self,
            HostsEventsCommand.self,
        ], defaultSubcommand: HostsListCommand.self)
}

/// `dbcensus-collector hosts list`, and `hosts` alone.
struct HostsListCommand: InventoryList {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the hosts that reported (the default).",
        discussion: "Fields of --where: \(ListReference.hosts.names). Orders: \(ListReference.hosts.orders).")

    @OptionGroup var list: ListOptions

    @Option(help: "Words that must all be there; the last one may be a beginning of three letters or more.")
    var search: String?

    func request() -> ListRequest {
        var request = list.request()
        request.search = search
        return request
    }

    static let path = "hosts"
    static var columns: [ListColumn<HostRow>] { HostRow.columns }
    static func read(_ store: InventoryStore, _ request: ListRequest) throws -> Page<HostRow> {
        try store.hosts(request)
    }

    static func table(_ rows: [HostRow]) -> String {
        guard !rows.isEmpty else { return "No such host has reported.\n" }
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
