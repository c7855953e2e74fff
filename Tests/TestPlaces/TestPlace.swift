import Foundation
import PostgresDriver
import SQL
import Store
import Stores
import Synchronization

/// Where a test has its store: a file in a folder of its own, or a database of its own on a PostgreSQL server.
package enum TestPlace {
    /// The server, such as `postgresql://postgres@127.0.0.1:5544/postgres`; nil to test files.
    package static let server = ProcessInfo.processInfo.environment["DBCENSUS_TEST_SERVER"]

    /// Whether stores are files, for tests of what files alone have.
    package static var isFile: Bool { server == nil }

    /// A file of SQL that every new store on the server gets, such as one that distributes its tables; nil for none.
    private static let script = ProcessInfo.processInfo.environment["DBCENSUS_TEST_SCRIPT"]

    /// Whether the tables of stores are distributed over nodes.
    package static var isDistributed: Bool { script != nil }

    private static let number = Mutex(0)
    /// A database with the store's schema, which others are copied from.
    private static let template = Result { try makeTemplate() }

    /// The path of a new file, or the address of a new database.
    package static func make() throws -> String {
        guard let server else {
            let folder = FileManager.default.temporaryDirectory.appending(path: "dbcensus-store-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            return folder.appending(path: "inventory.sqlite").path
        }
        let number = number.withLock { number in
            number += 1
            return number
        }
        let name = "t\(getpid())_\(number)"
        // What the script makes may be in more places than the database that would be copied.
        if script != nil { try makeStore(name, server) } else { try create(name, from: try template.get(), server) }
        return address(name, server)
    }

    private static func makeTemplate() throws -> String {
        guard let server else { throw SQLError(.failed, "there is no server") }
        let name = "template\(getpid())"
        try makeStore(name, server)
        return name
    }

    private static func makeStore(_ name: String, _ server: String) throws {
        try create(name, from: "template0", server)
        try InventoryStore(path: address(name, server)).finish()
        guard let script else { return }
        let database = try PostgresDatabase(PostgresOptions(address: address(name, server)))
        let statements = try String(contentsOfFile: script, encoding: .utf8).components(separatedBy: ";\n")
        for statement in statements where !statement.isEmpty {
            try database.bare { try $0.script(statement) }
        }
        try database.close()
    }

    private static func create(_ name: String, from template: String, _ server: String) throws {
        let database = try PostgresDatabase(PostgresOptions(address: server))
        try database.bare { try $0.script("CREATE DATABASE \(name) TEMPLATE \(template)") }
        try database.close()
    }

    private static func address(_ name: String, _ server: String) -> String {
        guard let slash = server.lastIndex(of: "/") else { return server }
        return server[...slash] + name
    }
}
