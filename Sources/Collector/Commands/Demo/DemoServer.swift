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
        // The scan ignored it, to tell how to come back.
        signal(SIGINT, SIG_DFL)
        var collector = try buildCollector(configuration) { [configuration] in configuration }
        let made = try TokenMaker.make(
            TokenMaker.Wanted(name: "demo", scopes: [Scope.read.rawValue, Scope.scan.rawValue], days: 1), now: Date())
        try collector.store.addToken(made.row, hash: made.token.hash)
        let text = made.token.text
        collector.onServing = { url in
            // In a container it listens on every address, and people reach it by a port of the host's loopback address.
            let url = url.replacing("//0.0.0.0:", with: "//127.0.0.1:").replacing("//[::]:", with: "//[::1]:")
            try? Output.print(Self.welcome(url, text))
        }
        try await collector.run()
    }

    private static func welcome(_ url: String, _ token: String) -> String {
        """

        The API is on \(url) until you press Ctrl-C. In another terminal:

          TOKEN=\(token)
          curl -H "Authorization: Bearer $TOKEN" '\(url)/api/v1/databases?exposure=all&sort=-bytes&limit=5'
          curl -H "Authorization: Bearer $TOKEN" '\(url)/api/v1/coverage?group_by=reason'


        """
    }
}
