import Foundation
import Inventory
import SQL
import SQLiteDriver
import Stores
import Testing

@testable import Store

@Suite("The backup before an upgrade")
struct UpgradeBackupTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// A store of the first schema.
    private static func older() throws -> String {
        let sql = try String(contentsOf: fixtures.appending(path: "store-0001.sql"), encoding: .utf8)
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path
        let old = try SQLiteFiles().open(path, .write)
        try old.bare { try $0.script("PRAGMA foreign_keys = OFF;" + sql) }
        try old.close()
        return path
    }

    private static func migrations(_ path: String) throws -> [String] {
        try SQLiteFiles().open(path, .read).appliedMigrations().sorted()
    }

    @Test("an older store is kept next to the new one, for its owner alone")
    func kept() throws {
        let path = try Self.older()
        let store = try InventoryStore(path: path)
        #expect(store.upgradeBackup == path + ".before-0002")
        #expect(try Self.migrations(path + ".before-0002") == ["0001 inventory"])
        #expect(try Self.migrations(path).count == Migration.sqlite.count)
        let mode = try FileManager.default.attributesOfItem(atPath: path + ".before-0002")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // Opened again, nothing changes, and no further backup is made.
        #expect(try InventoryStore(path: path).upgradeBackup == nil)
    }

    @Test("a new store, and one that is restored, need no backup")
    func notKept() throws {
        let new = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path
        #expect(try InventoryStore(path: new).upgradeBackup == nil)
        let restored = try Self.older()
        #expect(try InventoryStore(path: restored, keepsBackup: false).upgradeBackup == nil)
        #expect(!FileManager.default.fileExists(atPath: restored + ".before-0002"))
    }

    @Test("a second upgrade does not replace the backup of the first")
    func twice() throws {
        let path = try Self.older()
        try Data("the first".utf8).write(to: URL(filePath: path + ".before-0002"))
        let backup = try #require(try InventoryStore(path: path).upgradeBackup)
        #expect(backup.hasPrefix(path + ".before-0002-2"))
        #expect(try String(contentsOfFile: path + ".before-0002", encoding: .utf8) == "the first")
    }

    @Test("without room for the backup the store stays as it is, and the message says what to do")
    func noRoom() throws {
        let path = try Self.older()
        // What cannot be replaced: a directory where the partial copy goes.
        try FileManager.default.createDirectory(
            atPath: path + ".before-0002.partial/x", withIntermediateDirectories: true)
        #expect {
            try InventoryStore(path: path)
        } throws: {
            "\($0)".hasPrefix("cannot upgrade \(path): before it changes the schema it needs a backup")
                && "\($0)".contains("free as much space")
        }
        #expect(try Self.migrations(path) == ["0001 inventory"])
    }

    @Test("an upgrade that was killed leaves no second copy behind")
    func killed() throws {
        let path = try Self.older()
        let backup = path + ".before-0002"
        try Data("half".utf8).write(to: URL(filePath: backup))
        try Data("half".utf8).write(to: URL(filePath: backup + ".partial"))
        try Data(backup.utf8).write(to: URL(filePath: path + ".upgrade"))
        #expect(try InventoryStore(path: path).upgradeBackup == backup)
        #expect(try Self.migrations(backup) == ["0001 inventory"])
        #expect(!FileManager.default.fileExists(atPath: backup + ".partial"))
        #expect(try Data(contentsOf: URL(filePath: path + ".upgrade")).isEmpty)
    }

    @Test("what the lock's file says leads to no other file")
    func contained() throws {
        let path = try Self.older()
        let kept = path + ".kept"
        try Data("kept".utf8).write(to: URL(filePath: kept))
        let folder = path + ".before-0002-x"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let name = URL(filePath: kept).lastPathComponent
        try Data("\(folder)/../\(name)".utf8).write(to: URL(filePath: path + ".upgrade"))
        _ = try InventoryStore(path: path)
        #expect(FileManager.default.fileExists(atPath: kept))
    }

    @Test("a migration that fails leaves the store and no backup")
    func failed() throws {
        let path = try Self.older()
        let migrations = [
            Migration.sqlite[0], Migration(name: "0002 broken", sql: "CREATE TABLE x (y); SELECT * FROM no;"),
        ]
        #expect(throws: StoreError.self) {
            try InventoryStore(path: path, files: SQLiteFiles(), migrations: migrations)
        }
        #expect(try Self.migrations(path) == ["0001 inventory"])
        #expect(!FileManager.default.fileExists(atPath: path + ".before-0002"))
    }

    @Test("one process upgrades at a time")
    func exclusive() throws {
        let path = try Self.older()
        let descriptor = open(path + ".upgrade", O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX) == 0)
        #expect {
            try InventoryStore(path: path)
        } throws: {
            ($0 as? StoreError)?.code == .inUse && "\($0)".contains("another process upgrades")
        }
        #expect(try Self.migrations(path) == ["0001 inventory"])
    }

    @Test("an older program names the backup that it can open and the command that restores it")
    func refusal() throws {
        let path = try Self.older()
        try InventoryStore(path: path).finish()
        let database = try SQLiteFiles().open(path, .write)
        try database.write { try $0.run("INSERT INTO grdb_migrations VALUES ('9999 to come')") }
        try database.close()
        // Of a later upgrade, and of an earlier one.
        for number in ["9998", "0001"] {
            try Data("another".utf8).write(to: URL(filePath: path + ".before-\(number)"))
        }
        for mode in [InventoryStore.Mode.write, .read] {
            #expect {
                try InventoryStore(path: path, mode: mode)
            } throws: {
                ($0 as? StoreError)?.code == .newerSchema
                    && "\($0)".hasSuffix("dbcensus-collector restore --store \(path) \(path).before-0002")
            }
        }
    }
}
