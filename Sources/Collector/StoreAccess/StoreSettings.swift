import Foundation
import Inventory
import Store
import Stores

/// Where the store is, and how a server is reached.
struct StoreSettings: Sendable, Equatable {
    /// A SQLite file, or `postgresql://…`.
    var path = "./dbcensus.sqlite"
    var passwordFile: String?
    /// Sign in to RDS or Aurora with the collector's AWS identity.
    var usesIAM = false
    var preparedStatements = true
    var connections = 8
    /// Servers that follow the one of `path`, and answer reads.
    var readURLs: [String] = []
    /// Seconds that one of them may be behind and still answer.
    var readLag = 30

    /// What the environment says, with the path of the command line.
    static func environment(_ path: String? = nil) -> StoreSettings {
        let variables = ProcessInfo.processInfo.environment
        var settings = StoreSettings()
        settings.path = path ?? variables["DBCENSUS_STORE_PATH"] ?? settings.path
        settings.passwordFile = variables["DBCENSUS_STORE_PASSWORD_FILE"]
        settings.usesIAM = variables["DBCENSUS_STORE_RDS_IAM"] == "true"
        settings.preparedStatements = variables["DBCENSUS_STORE_PREPARED_STATEMENTS"] != "false"
        if let count = variables["DBCENSUS_STORE_CONNECTIONS"].flatMap(Int.init), (1...100).contains(count) {
            settings.connections = count
        }
        return settings
    }

    /// Whether the store is in a server's database.
    var isServer: Bool { InventoryStore.isServer(path) }

    /// Opens the store.
    func open(_ mode: InventoryStore.Mode = .write, keepsBackup: Bool = true, isCopy: Bool = false) throws
        -> InventoryStore
    {
        var server = ServerOptions()
        server.preparesStatements = preparedStatements
        server.connections = connections
        server.password = try password(for: path)
        server.replicas = try readURLs.map { url in
            ServerOptions.Replica(address: url, password: try password(for: url))
        }
        server.replicaLag = Double(readLag)
        return try InventoryStore(path: path, mode: mode, keepsBackup: keepsBackup, server: server, isCopy: isCopy)
    }

    /// Where the password for a server comes from; nil for libpq's own sources. It is read for each connection: it may
    /// have been exchanged.
    private func password(for address: String) throws -> (@Sendable () throws -> String?)? {
        if usesIAM, InventoryStore.isServer(address) { return try RDSPassword(address: address).make }
        guard let file = passwordFile else { return nil }
        return { try Self.password(file) }
    }

    private static func password(_ file: String) throws -> String {
        let bytes: [UInt8]
        do throws(ConfigurationError) { bytes = try RegularFile.read(file) } catch {
            throw StoreError(.cannotOpen, "cannot read the store's password: \(error.message)")
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// Reads every page of a file. A new store has an empty one, which the lock creates; a server checks its own.
    func check() throws {
        guard !isServer else { return }
        let file = URL(filePath: path).resolvingSymlinksInPath().path
        let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        if size ?? 0 > 0 { try InventoryStore.check(file) }
    }

    /// The right to be the only process that serves the file; nil for a server, which several processes may use.
    func lock() throws -> StoreLock? { isServer ? nil : try StoreLock(path: path) }

    /// Which process serves the file; nil when none does, and for a server.
    func service() throws -> String? { isServer ? nil : try StoreLock.service(of: path) }
}
