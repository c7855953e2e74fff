import ArgumentParser
import Foundation
import Store
import Terminal

/// `dbcensus-collector hosts retire`: hosts that are gone.
struct HostsRetireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Retires hosts that are gone: their databases are missing, and no alert counts them.",
        discussion: "History stays. A host that reports again is no longer retired.")

    @Argument(help: "Ids of hosts.")
    var ids: [String]

    @OptionGroup var store: StoreOptions

    func run() throws {
        let inventory = try InventoryStore(path: store.store)
        for id in ids {
            guard try inventory.retireHost(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no host \(id) that is not retired yet")
            }
            try inventory.audit("hosts retire", target: id)
        }
    }
}

/// `dbcensus-collector hosts forget`: hosts that should never have been there.
struct HostsForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Removes hosts with their databases, history and reports.",
        discussion:
            "With --sent-by it removes every host whose reports this token sends. Back up the store first: nothing brings them back."
    )

    @Argument(help: "Ids of hosts.")
    var ids: [String] = []

    @Option(help: "The id of a token: every host whose reports it sends.")
    var sentBy: String?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard ids.isEmpty != (sentBy == nil) else { throw ValidationError("Name hosts, or a token with --sent-by.") }
    }

    func run() throws {
        let inventory = try InventoryStore(path: store.store)
        var count = 0
        func forget(_ id: String) throws {
            guard try inventory.forgetHost(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no host \(id)")
            }
            count += 1
        }
        if let sentBy {
            try inventory.audit("hosts forget", target: "sent by \(sentBy)")
            while let hosts = Optional(try inventory.hosts(sentBy: sentBy)), !hosts.isEmpty {
                try hosts.forEach(forget)
            }
        } else {
            for id in ids {
                try forget(id)
                try inventory.audit("hosts forget", target: id)
            }
        }
        Talk.say("\(count) hosts were removed.")
    }
}

/// `dbcensus-collector hosts split`: what a forged report joined.
struct HostsSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Sorts a host's kept reports anew by sender and identity.",
        discussion: """
            Use it when reports of two machines, or of two senders, ended in one host. Each sender's reports become a host of their own; \
            reports that today's rules refuse become dead letters. What only removed reports told is lost.
            """)

    @Argument(help: "The host's id.")
    var id: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        let inventory = try InventoryStore(path: store.store)
        guard let split = try inventory.splitHost(id) else {
            throw CollectorError(exitCode: .usage, message: "there is no host \(id)")
        }
        try inventory.audit("hosts split", target: id)
        for host in split.hosts { try Output.print(PlainText.neutralised(host) + "\n") }
        if split.refused > 0 { Talk.say("\(split.refused) reports became dead letters: see `dead-letters list`.") }
    }
}

/// `dbcensus-collector hosts events`: what happened to hosts' identities.
struct HostsEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Lists changes of hosts' senders, accounts and identities, the last one first."
    )

    @OptionGroup var source: SourceOptions

    @Option(help: "Only this host: its id at the time.")
    var host: String?

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @Option(help: "At most this many rows (1 to 1000).")
    var limit = ListRequest.maximumLimit

    @Option(help: "Go on after the page that gave this next_cursor.")
    var cursor: String?

    func run() async throws {
        var request = ListRequest()
        request.limit = limit
        request.cursor = cursor
        if let host { request.require("host", host) }
        let asked = request
        let page = try await source.ask("host-events", asked.query) { try $0.hostEvents(asked) }
        try page.write(format, columns: HostEventRow.columns) { rows in
            guard !rows.isEmpty else { return "Nothing has happened to a host's identity.\n" }
            var table = Table([
                .init("AT"), .init("HOST", fit: .cutEnd), .init("EVENT"), .init("BEFORE", fit: .cutEnd),
                .init("AFTER", fit: .cutEnd), .init("BY", drop: 1),
            ])
            for row in rows {
                table.add([
                    String(row.at.prefix(16)), row.host_id, row.kind, row.before ?? "-", row.after ?? "-", row.source,
                ])
            }
            return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
        }
    }
}
