import ArgumentParser
import Foundation
import Inventory
import Store

/// `dbcensus-collector show`: everything about one database or one host.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print everything about one database or one host, as JSON.")

    @Argument(help: "The id of a database or a host.")
    var id: String

    @OptionGroup var source: SourceOptions

    func run() async throws {
        let path = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id
        let missing = CollectorError(exitCode: .usage, message: "there is no database or host \(id)")
        if let database = DatabaseID(id) {
            let text = try await source.askJSON("databases/\(path)") { store -> DatabaseDetail in
                guard let detail = try store.database(database) else { throw missing }
                return detail
            }
            return try Output.print(text)
        }
        let text = try await source.askJSON("hosts/\(path)") { store -> HostDetail in
            guard let detail = try store.host(id) else { throw missing }
            return detail
        }
        try Output.print(text)
    }
}
