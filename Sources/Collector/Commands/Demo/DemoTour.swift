import Foundation
import Inventory
import Store
import Terminal

/// What a newcomer asks, and the commands that answer it.
struct DemoTour {
    let store: InventoryStore
    let path: String
    /// The instance that is this machine.
    let realHost: String?

    func write() throws {
        try counts("What runs, in which version?", "stats --by engine,version", ["engine", "version"])
        try counts(
            "What can be reached from other machines?", "stats --by engine,exposure --where exposure=all",
            ["engine", "exposure"], [Condition(field: "exposure", comparison: .equal, value: "all")])
        try coverage()
        if let realHost { try databases(of: realHost) }
        try Output.print("\nThe store stays in \(path).\n")
    }

    private func ask(_ question: String, _ command: String) throws {
        try Output.print("\n\(question)\n  dbcensus-collector \(command) --store \(path)\n")
    }

    private static let rows = 12

    private func print(_ table: Table, of count: Int) throws {
        try Output.print(table.lines(width: Talk.width(default: 120)).joined(separator: "\n") + "\n")
        if count > Self.rows { try Output.print("… and \(count - Self.rows) more\n") }
    }

    private func counts(_ question: String, _ command: String, _ columns: [String], _ conditions: [Condition] = [])
        throws
    {
        try ask(question, command)
        let stats = try store.stats(groupBy: columns, conditions: conditions, bounds: Bounds())
        var table = Table(columns.map { .init($0.uppercased()) } + [.init("DATABASES", right: true)])
        for item in stats.items.prefix(Self.rows) {
            table.add(columns.map { (item.group[$0] ?? nil) ?? "?" } + ["\(item.databases)"])
        }
        try print(table, of: stats.items.count)
    }

    private func coverage() throws {
        try ask("Which hosts do we not know, and why?", "coverage --by reason,detail")
        let coverage = try store.coverage(groupBy: ["reason", "detail"], conditions: [], bounds: Bounds())
        var table = Table([
            .init("REASON"), .init("DETAIL"), .init("HOSTS", right: true), .init("WHAT TO DO", fit: .cutEnd),
        ])
        let items = coverage.items.filter { !["ok", "no_database"].contains(($0.group["reason"] ?? nil) ?? "") }
        for item in items.prefix(Self.rows) {
            let reason = (item.group["reason"] ?? nil) ?? ""
            table.add([
                reason, (item.group["detail"] ?? nil) ?? "", "\(item.hosts)", Reason(rawValue: reason)?.remedy ?? "",
            ])
        }
        try print(table, of: items.count)
        try Output.print("\(coverage.answered) of \(coverage.hosts) instances answered.\n")
    }

    private func databases(of host: String) throws {
        try ask("And this machine?", "databases --host \(host)")
        var request = ListRequest()
        request.require("host", host)
        try Output.print(ListTable.text(.databases, try store.page(.databases, request).items))
    }
}
