import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// `dbcensus-collector databases`: the inventory.
struct DatabasesCommand: InventoryList {
    static let configuration = CommandConfiguration(
        commandName: "databases", abstract: "Lists the databases of the inventory, missing ones with them.",
        discussion: "Fields of --where: \(ListReference.databases.names). Orders: \(ListReference.databases.orders).")

    @OptionGroup var list: ListOptions

    @Option(help: "Only this engine, such as postgresql.")
    var engine: String?

    @Option(help: "Only this vendor, such as percona.")
    var vendor: String?

    @Option(help: "Only running, stopped, installed or missing ones.")
    var state: String?

    @Option(help: "Only this role: standalone, primary, replica, arbiter, router, config.")
    var role: Report.Database.Role?

    @Option(help: "Only this exposure: loopback, private, all.")
    var exposure: Report.Listener.Exposure?

    @Option(help: "Words that must all be there; the last one may be a beginning of three letters or more.")
    var search: String?

    @Option(help: "The inventory at this time: a date, a time such as 2026-11-21T12:00:00Z, or 7d for days ago.")
    var asOf: String?

    func request() throws -> ListRequest {
        var request = list.request([
            ("engine", engine), ("vendor", vendor), ("state", state), ("role", role?.rawValue),
            ("exposure", exposure?.rawValue),
        ])
        request.search = search
        if let asOf {
            guard let time = TimeText.parse(asOf) else {
                throw ValidationError("--as-of is a date, a time such as 2026-11-21T12:00:00Z, or 7d for days ago.")
            }
            request.asOf = time
        }
        return request
    }

    static let path = "databases"
    static var columns: [ListColumn<DatabaseRow>] { DatabaseRow.columns }
    static func read(_ store: InventoryStore, _ request: ListRequest) throws -> Page<DatabaseRow> {
        try store.databases(request)
    }

    static func table(_ rows: [DatabaseRow]) -> String {
        guard !rows.isEmpty else { return "No such database is known.\n" }
        var table = Table([
            .init("HOST", fit: .cutEnd), .init("ENGINE"), .init("VERSION"), .init("STATE"),
            .init("ADDRESS", fit: .cutFront),
            .init("EXPOSURE", drop: 2), .init("ROLE", drop: 1), .init("SIZE", right: true, drop: 3),
            .init("DATA DIRECTORY", fit: .cutFront),
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

    /// The executable of software alone, which its key names.
    private static func software(_ row: DatabaseRow) -> String? {
        let prefix = row.engine + ":software:"
        return row.key.hasPrefix(prefix) ? String(row.key.dropFirst(prefix.count)) : nil
    }
}

extension Report.Database.Role: ExpressibleByArgument {}
extension Report.Listener.Exposure: ExpressibleByArgument {}

extension ListReference {
    /// The fields, for help.
    var names: String { fields.map(\.name).sorted().joined(separator: ", ") }
    /// The orders, for help.
    var orders: String { "\(sorts.joined(separator: ", ")) (\(order))" }
}
