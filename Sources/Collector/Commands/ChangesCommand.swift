import ArgumentParser
import Inventory

/// `dbcensus-collector changes`: what happened.
struct ChangesCommand: ListCommand {
    static let list = List.changes
    static let configuration = CommandConfiguration(
        commandName: "changes", abstract: "List what changed, the last recorded change first.", discussion: list.help)

    @OptionGroup var options: ListOptions

    @Option(help: "Only this database, by its id.")
    var database: String?

    @Option(help: "Only this kind, such as version_changed.")
    var kind: String?

    @Option(help: "Only since this time or date, or since 7d for days ago.")
    var since: String?

    func request() -> ListRequest {
        var request = options.request([("database", database), ("kind", kind)])
        if let since { request.conditions += Condition.parse("at", ">=" + since) }
        return request
    }
}
