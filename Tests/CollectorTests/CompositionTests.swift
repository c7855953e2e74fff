import Foundation
import HTTPTypes
import HummingbirdTesting
import Inventory
import Logging
import Testing
import Web

@testable import Collector

@Suite("A collector, put together")
struct CompositionTests {
    private static func configuration() throws -> Configuration {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dbcensus-collector-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = Configuration()
        configuration.store.path = folder.appending(path: "inventory.sqlite").path
        configuration.server.port = 0
        configuration.log.level = .critical
        return configuration
    }

    @Test("it serves over a socket, holds its store alone, and lets it go when it ends")
    func serves() async throws {
        let configuration = try Self.configuration()
        do {
            let collector = try buildCollector(configuration) { configuration }
            try await collector.application().test(.live) { client in
                let response = try await client.executeRequest(uri: "/readyz", method: .get, headers: [:], body: nil)
                #expect(response.status == .ok)
            }
            #expect { try buildCollector(configuration) { configuration } } throws: {
                ($0 as? StoreError)?.code == .inUse
            }
        }
        _ = try buildCollector(configuration) { configuration }
    }

    @Test("an unusable certificate is an error that names the file")
    func certificate() throws {
        var configuration = try Self.configuration()
        (configuration.server.certificate, configuration.server.privateKey) = ("/none.pem", "/none.key")
        let invalid = configuration
        func build() throws { _ = try buildCollector(invalid) { invalid } }
        #expect { try build() } throws: { ($0 as? CollectorError)?.message.contains("/none.pem") == true }
    }
}
