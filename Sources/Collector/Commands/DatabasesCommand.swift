import ArgumentParser
import Report
import Store
import Terminal

/// `dbcensus-collector databases`: the inventory.
struct DatabasesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "databases", abstract: "Lists the databases of the inventory, missing ones with them.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var list: ListOptions

    @Option(help: "Only this engine, such as postgresql.")
    var engine: String?

    @Option(help: "Only this vendor, such as percona.")
    var vendor: String?

    @Option(help: "Only running, stopped or installed ones.")
    var state: Report.Database.State?

    @Option(help: "Only this role: standalone, primary, replica, arbiter, router, config.")
    var role: Report.Database.Role?

    @Option(help: "Only this exposure: loopback, private, all.")
    var exposure: Report.Listener.Exposure?

    func run() throws {
        var request = list.request
        let own = [
            ("engine", engine), ("vendor", vendor), ("state", state?.rawValue), ("role", role?.rawValue),
            ("exposure", exposure?.rawValue),
        ]
        for (field, value) in own {
            if let value { request.require(field, value) }
        }
        let page = try InventoryStore(path: store.store, mode: .read).databases(request)
        try page.write(list.format, columns: DatabaseRow.columns, table: Self.table)
    }

    static func table(_ rows: [DatabaseRow]) -> String {
        guard !rows.isEmpty else { return "No database is known yet.\n" }
        var table = Table([
            .init("HOST", fit: .cutEnd), .init("ENGINE"), .init("VERSION"), .init("STATE"), .init("ADDRESS"),
            .init("EXPOSURE"), .init("ROLE"), .init("SIZE", right: true), .init("DATA DIRECTORY", fit: .cutFront),
        ])
        for row in rows {
            let address = row.address.map { $0.contains(":") ? "[\($0)]" : $0 } ?? ""
            table.add([
                row.hostname ?? row.host_id, row.engine,
                row.version.map { row.version_precision == "major" ? $0 + ".?" : $0 } ?? "?",
                row.missing_since == nil ? row.state : "missing", row.port.map { "\(address):\($0)" } ?? "-",
                row.exposure ?? "-", row.role ?? "-",
                row.bytes.map { (row.bytes_complete == false ? "> " : "") + Units.bytes($0) } ?? "-",
                row.data_directory ?? software(row) ?? "-",
            ])
        }
        return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
    }
}

extension DatabasesCommand {
    /// The executable of software alone, which its key names.
    private static func software(_ row: DatabaseRow) -> String? {
        let prefix = row.engine + ":software:"
        return row.key.hasPrefix(prefix) ? String(row.key.dropFirst(prefix.count)) : nil
    }
}

extension Report.Database.State: ExpressibleByArgument {}
extension Report.Database.Role: ExpressibleByArgument {}
extension Report.Listener.Exposure: ExpressibleByArgument {}
