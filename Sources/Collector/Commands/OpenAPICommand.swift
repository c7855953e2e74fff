import ArgumentParser
import Inventory
import Web

/// `dbcensus-collector openapi`: the API's description, as it is served.
struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the API's description, as /openapi.json serves it.")

    func run() throws {
        try Output.print(
            String(decoding: OpenAPI.document(.current, version: CollectorCommand.version), as: UTF8.self))
    }
}
