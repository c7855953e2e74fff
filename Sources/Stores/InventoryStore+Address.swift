import Inventory
import PostgresDriver
import SQL
import SQLiteDriver
import Store

/// How a server is reached; a file needs nothing of it.
package struct ServerOptions: Sendable {
    /// Asked for each new connection; nil leaves it to the address and libpq's own sources.
    package var password: (@Sendable () throws -> String?)?
    /// Keep statements prepared. A pooler that gives a connection to others after each transaction may not allow it.
    package var preparesStatements = true
    /// The most connections that read at the same time.
    package var connections = 8
    /// Servers that follow it and answer reads.
    package var replicas: [Replica] = []
    /// Seconds that one of them may be behind and still answer.
    package var replicaLag = 30.0

    package init() {}

    /// How a server that follows is reached.
    package struct Replica: Sendable {
        package var address: String
        /// Asked for each new connection, as `ServerOptions.password`.
        package var password: (@Sendable () throws -> String?)?

        package init(address: String, password: (@Sendable () throws -> String?)?) {
            (self.address, self.password) = (address, password)
        }
    }
}

/// A store by its address: the path of a SQLite file, or `postgresql://…`.
extension InventoryStore {
    /// Whether an address names a server's database.
    public static func isServer(_ address: String) -> Bool {
        address.hasPrefix("postgresql://") || address.hasPrefix("postgres://")
    }

    /// The one server that an address names, and the user there; nil for several.
    package static func server(of address: String) throws -> (host: String, port: Int?, user: String?)? {
        do {
            let parts = try PostgresAddress(address)
            guard parts.servers.count == 1 else { return nil }
            return (parts.servers[0].host, parts.servers[0].port, parts.user)
        } catch let error as SQLError { throw StoreError(.cannotOpen, error.message, cause: error) }
    }

    /// Whether the connection to a server's address shows who answers: by a certificate, or because it stays on this
    /// machine.
    ///
    /// - Parameter environment: may have `PGSSLMODE`, and where libpq connects to if the address does not say it.
    package static func verifiesServer(_ address: String, _ environment: [String: String]) throws -> Bool {
        do {
            let parts = try PostgresAddress(address)
            if let verifies = parts.verifiesServer { return verifies }
            let names = ["PGHOST", "PGHOSTADDR", "PGSERVICE"]
            // Without any of these, libpq connects to a socket of this machine.
            let isSocket = parts.servers.isEmpty && names.allSatisfy { environment[$0] == nil }
            return environment["PGSSLMODE"] == "verify-full" || isSocket
        } catch let error as SQLError { throw StoreError(.cannotOpen, error.message, cause: error) }
    }

    /// Opens the store at `path`, a file's path or a server's address.
    ///
    /// - Parameter keepsBackup: whether a store of an older program is backed up before its schema changes. A server's
    ///   never is.
    /// - Throws: `StoreError` that says what is wrong with the store and what to do.
    package init(
        path: String, mode: Mode = .write, keepsBackup: Bool = true, catalog: Catalog = .current,
        server options: ServerOptions = ServerOptions(), isCopy: Bool = false
    ) throws {
        guard Self.isServer(path) else {
            try self.init(
                path: path, files: SQLiteFiles(), mode: mode, keepsBackup: keepsBackup, catalog: catalog,
                isCopy: isCopy)
            return
        }
        func server(_ address: String, _ password: (@Sendable () throws -> String?)?) -> PostgresOptions {
            var server = PostgresOptions(address: address)
            server.password = password
            server.preparesStatements = options.preparesStatements
            server.readers = options.connections
            return server
        }
        let name: String
        let database: PostgresDatabase
        var replicas: PostgresReplicas?
        do {
            name = try PostgresDatabase.name(of: path)
            database = try PostgresDatabase(server(path, options.password))
            if !options.replicas.isEmpty {
                replicas = try PostgresReplicas(
                    of: database, options.replicas.map { server($0.address, $0.password) }, limit: options.replicaLag)
            }
        } catch let error as SQLError {
            throw StoreError(.cannotOpen, "cannot open the store: \(error.message)", cause: error)
        }
        try self.init(server: database, name: name, mode: mode, catalog: catalog, isCopy: isCopy, replicas: replicas)
    }

    /// Makes the store at `path` from the backup `source`: see `restore(from:to:files:)`.
    public static func restore(from source: String, to path: String) throws -> Restored {
        guard !isServer(path) else { throw needsFile("`restore`") }
        return try restore(from: source, to: path, files: SQLiteFiles())
    }

    /// Reads every page of the file at `path`, and throws what is wrong with it: see `check(_:files:)`.
    public static func check(_ path: String) throws { try check(path, files: SQLiteFiles()) }
}
