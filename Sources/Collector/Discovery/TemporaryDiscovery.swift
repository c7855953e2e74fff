import AWSClient
import Foundation
import Inventory
import Logging
import Store
import Stores

/// Discovery of which nothing is kept: its store is a temporary file.
enum TemporaryDiscovery {
    static func with<Value: Sendable>(
        _ configuration: Configuration.Discovery, profile: String?, region: String? = nil,
        _ body: (LocalDiscovery) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "dbcensus")
        logger.logLevel = .critical
        let folder = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try InventoryStore(path: folder.appending(path: "dry-run.sqlite").path)
        let local = LocalDiscovery(configuration, store, profile: profile, region: region, logger: logger) { _ in }
        do {
            let value = try await body(local)
            await local.close()
            try store.finish()
            return value
        } catch {
            await local.close()
            throw error
        }
    }
}
