import Foundation
import Inventory
import Store
import Terminal
import Web

/// The API over what the demo found, until Ctrl-C.
struct DemoServer {
    /// Its store is the demo's, and its AWS the simulator.
    var configuration: Configuration

    func run() async throws {
        let collector = try buildCollector(configuration) { [configuration] in configuration }
        let made = try TokenMaker.make(
            TokenMaker.Wanted(name: "demo", scopes: [Scope.read.rawValue, Scope.scan.rawValue], days: 1))
        try collector.store.addToken(made.row, hash: made.token.hash)
        let server = configuration.server
        // In a container that listens on every address, people reach it by a published port of the host's loopback.
        let host = Loopback.contains(server.address) ? server.address : "127.0.0.1"
        try Output.print(
            """

            The API is on http://\(host):\(server.port) until you press Ctrl-C. In another terminal:

              TOKEN=\(made.token.text)
              curl -H "Authorization: Bearer $TOKEN" 'http://\(host):\(server.port)/api/v1/databases?exposure=all&sort=-bytes&limit=5'
              curl -H "Authorization: Bearer $TOKEN" 'http://\(host):\(server.port)/api/v1/coverage?group_by=reason'


            """)
        try await collector.run()
    }
}
