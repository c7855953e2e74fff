import ArgumentParser
import Inventory

/// `dbcensus-collector audit`: who asked for what and who changed what.
struct AuditCommand: ListCommand {
    static let list = List.audit
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "List who asked for what and who changed what, the last line first.",
        discussion: list.help)

    @OptionGroup var options: ListOptions

    func request() -> ListRequest { options.request() }
}
