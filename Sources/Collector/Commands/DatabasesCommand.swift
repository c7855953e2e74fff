import ArgumentParser
import Inventory

/// `dbcensus-collector databases`: the inventory.
struct DatabasesCommand: ListCommand {
    static let list = List.databases
    static let configuration = CommandConfiguration(
        commandName: "databases", abstract: "List databases, including missing ones.", discussion: list.help)

    @OptionGroup var options: ListOptions

    @Option(help: "Only this engine, such as postgresql.")
    var engine: String?

    @Option(help: "Only this vendor, such as percona.")
    var vendor: String?

    @Option(help: "Only running, stopped, installed or missing databases.")
    var state: String?

    @Option(help: "Only this role: standalone, primary, replica, arbiter, router or config.")
    var role: String?

    @Option(help: "Only this exposure: loopback, private or all.")
    var exposure: String?

    @Option(help: "Words that must all be there. The last one may be a beginning of three letters or more.")
    var search: String?

    @Option(help: "The inventory at this time: a date, a time such as 2026-11-21T12:00:00Z, or 7d for days ago.")
    var asOf: String?

    func request() throws -> ListRequest {
        var request = options.request([
            ("engine", engine), ("vendor", vendor), ("state", state), ("role", role), ("exposure", exposure),
        ])
        request.search = search
        if let asOf {
            guard let time = TimeText.parse(asOf) else {
                throw ValidationError(
                    "--as-of must be a date, a time such as 2026-11-21T12:00:00Z, or 7d for days ago.")
            }
            request.asOf = time
        }
        return request
    }
}
