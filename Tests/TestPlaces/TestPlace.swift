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
        try create(name, from: try template.get(), server)
        return address(name, server)
    }

    private static func makeTemplate() throws -> String {
        guard let server else { throw SQLError(.failed, "there is no server") }
        let name = "template\(getpid())"
        try create(name, from: "template0", server)
        try InventoryStore(path: address(name, server)).finish()
        return name
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
