import ArgumentParser
import Inventory
import Store

/// `dbcensus-collector hosts`: the hosts that reported, and what operators do with them.
struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "List hosts; retire, forget or split them.",
        subcommands: [
            HostsListCommand.self, HostsRetireCommand.self, HostsForgetCommand.self, HostsSplitCommand.self,
            HostsEventsCommand.self,
        ], defaultSubcommand: HostsListCommand.self)
}

/// `dbcensus-collector hosts list`, and `hosts` alone.
struct HostsListCommand: ListCommand {
    static let list = List.hosts
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the hosts that reported (the default).", discussion: list.help)

    @OptionGroup var options: ListOptions

    @Option(help: "Words that must all be there. The last one may be a beginning of three letters or more.")
    var search: String?

    func request() -> ListRequest {
        var request = options.request()
        request.search = search
        return request
    }
}

/// `dbcensus-collector hosts events`: what happened to hosts' identities.
struct HostsEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "List changes of hosts' senders, accounts and identities, the last one first.")

    @OptionGroup var source: SourceOptions

    @Option(help: "Only this host: its id at the time.")
    var host: String?

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @OptionGroup var page: PageOptions

    func run() async throws {
        var request = ListRequest()
        request.limit = page.limit
        request.cursor = page.cursor
        if let host { request.require("host", host) }
        let asked = request
        try await source.ask(List.hostEvents.name, asked.query, .hostEvents) { try $0.page(.hostEvents, asked) }
            .write(.hostEvents, format)
    }
}
