import ArgumentParser

/// `dbcensus-collector openapi`: the API's description, as it is served.
struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Writes the API's description, as /openapi.json serves it.")

    func run() throws { try Output.print(String(decoding: OpenAPI.document, as: UTF8.self)) }
}
