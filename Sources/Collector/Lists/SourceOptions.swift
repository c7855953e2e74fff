import ArgumentParser
import Foundation
import Inventory
import Store
import Stores
import Terminal

/// Where the store is.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "The store: a SQLite file or postgresql://… (DBCENSUS_STORE_PATH, or ./dbcensus.sqlite).",
        completion: .file())
    var store = StoreSettings.environment().path

    /// With what the environment says of the server.
    var settings: StoreSettings { .environment(store) }

    /// Opens the store to write, and tells where the backup is if that changed its schema.
    func open() throws -> InventoryStore { try Self.open(settings) }

    static func open(_ settings: StoreSettings) throws -> InventoryStore {
        let store = try settings.open()
        if let backup = store.upgradeBackup {
            Talk.say("upgraded \(store.path), which an older version wrote. As it was, it is kept as \(backup).")
        }
        return store
    }
}

/// What answers a question: the store's file, or a collector that serves one.
struct SourceOptions: ParsableArguments {
    @Option(
        help: "The store: a SQLite file or postgresql://… (DBCENSUS_STORE_PATH, or ./dbcensus.sqlite).",
        completion: .file())
    var store: String?

    @OptionGroup var remote: RemoteOptions

    func validate() throws {
        guard remote.server == nil || store == nil else {
            throw ValidationError("Use either --server or --store, not both.")
        }
    }

    /// A page of `list`.
    func ask(
        _ path: String, _ query: [(String, String)] = [], _ list: List,
        local: (InventoryStore) throws -> Page<ListRow>
    ) async throws -> Page<ListRow> {
        guard let remote = try remote.remote() else { return try local(try opened()) }
        return try await remote.get(path, query, list: list)
    }

    /// The answer to a question, as JSON for people.
    func askJSON(
        _ path: String, _ query: [(String, String)] = [], local: (InventoryStore) throws -> some Encodable
    ) async throws -> String {
        guard let remote = try remote.remote() else { return try JSONText.of(try local(try opened())) }
        return try JSONText.of(json: try await remote.get(path, query))
    }

    /// The answer to a question.
    func ask<Answer: Decodable & Sendable>(
        _ path: String, _ query: [(String, String)] = [], local: (InventoryStore) throws -> Answer
    ) async throws -> Answer {
        guard let remote = try remote.remote() else { return try local(try opened()) }
        return try await remote.get(path, query, list: nil)
    }

    private func opened() throws -> InventoryStore {
        try StoreSettings.environment(store).open(.read)
    }
}

/// A collector that does the work, where one is named.
struct RemoteOptions: ParsableArguments {
    @Option(help: "Ask this collector instead, such as https://dbcensus.example.com:8629.")
    var server: String?

    @Option(help: "A file with the token for --server.", completion: .file())
    var tokenFile: String?

    @Option(help: "A PEM file with the certificate authorities to trust for --server.", completion: .file())
    var caFile: String?

    func validate() throws {
        guard server != nil || (tokenFile == nil && caFile == nil) else {
            throw ValidationError("--token-file and --ca-file need --server.")
        }
    }

    /// The collector; nil when none is named.
    func remote() throws -> Remote? { try server.map { try Remote(url: $0, tokenFile: tokenFile, caFile: caFile) } }
}
