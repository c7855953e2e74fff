import Crypto
import Foundation
import Report
import SQL
import SQLiteDriver
import Stores
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Migrations")
struct MigrationTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    @Test("a migration never changes once it is released: its text has this SHA-256")
    func frozen() {
        let hashes = (Migration.sqlite + Migration.postgresql).map { migration in
            "\(migration.name): "
                + SHA256.hash(data: Data(migration.sql.utf8)).map { String(format: "%02x", $0) }.joined().prefix(16)
        }
        #expect(
            hashes == [
                "0001 inventory: 892c1cd9a3a5a9ca", "0002 history: dc64f5e14018850c", "0003 senders: 7d14957d6860da6c",
                "0004 places: 57ad7e870d9e17ba", "0005 discovery: 4d0abbee09206660", "0006 counts: 319c4fe6ff58456f",
                "0007 place in keys: e93069ed35e16e7a", "0008 collectors: 326c7f8633cbccb9",
                "0001 inventory: 30476f8921786b9f",
                "0002 discovery: 572d9ea354ff228a",
            ], "a new migration adds a line; a changed line means that stores in the field differ from new ones")
    }

    @Test("a migration is literal SQL: nothing is put into its text")
    func literal() throws {
        let folder = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Store/Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "Migration.swift" }
        #expect(files.count == Migration.sqlite.count + Migration.postgresql.count)
        for file in files {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            #expect(!text.contains("\\("), "\(file) interpolates a value")
            #expect(text.matches(of: /(?m)^import (?!SQL$)/).isEmpty, "\(file) imports something")
        }
    }

    @Test("the migrations make one schema, whether at once or one after the other", .enabled(if: TestPlace.isFile))
    func upgraded() throws {
        func schema(_ path: String) throws -> [String] {
            try SQLiteFiles().open(path, .read).read {
                try $0.values("SELECT type || name || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1") as [String]
            }
        }
        let fresh = try TestStore()
        for number in ["0002", "0003", "0005", "0006", "0007"] {
            let path = try Self.unpack(number)
            try InventoryStore(path: path).finish()
            #expect(try schema(path) == schema(fresh.path), "\(number)")
        }
    }

    @Test("a store of the first schema is brought to this one, with its history")
    func first() throws {
        let sql = try String(contentsOf: Self.fixtures.appending(path: "store-0001.sql"), encoding: .utf8)
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path
        let old = try SQLiteFiles().open(path, .write)
        try old.bare { try $0.script("PRAGMA foreign_keys = OFF;" + sql) }
        #expect { try InventoryStore(path: path, mode: .read) } throws: { ($0 as? StoreError)?.code == .olderSchema }
        // What the first schema knew is there, row for row: it had the same columns, and no history.
        let known = try old.read { database in
            try database.all(
                """
                SELECT key, engine, vendor, version, version_precision, state, address, port, exposure, role,
                    data_directory, bytes, first_seen, last_seen, missing_since FROM databases ORDER BY host_row_id, key
                """
            ).map { row in row.values.map { Value($0) } }
        }
        try old.close()
        let migrated = try InventoryStore(path: path)
        let columns = [
            "key", "engine", "vendor", "version", "version_precision", "state", "address", "port", "exposure", "role",
            "data_directory", "bytes", "first_seen", "last_seen", "missing_since",
        ]
        let rows = try migrated.databases().items
        #expect(
            Set(rows.map { row in columns.map { row[dynamicMember: $0] } }) == Set(known) && rows.count == known.count)
        #expect(rows.filter { !$0.missing_since.isNull }.map { $0.text("key") } == ["mysql:/var/lib/mysql"])
        #expect(try migrated.changes().items.first?.kind == "missing")
        #expect(try InventoryStore(path: path, mode: .read).databases().items == rows)
        try InventoryStore.check(path)
    }

    @Test(
        "a store of a later schema gives the rows that its own collector gave: databases, history, counts, tokens",
        arguments: ["0002", "0003", "0005", "0006", "0007"])
    func rowForRow(number: String) throws {
        let json = try Data(contentsOf: Self.fixtures.appending(path: "store-\(number).json"))
        let lists = try #require(try JSONSerialization.jsonObject(with: json) as? [String: [[String: Any]]])
        let path = try Self.unpack(number)
        #expect { try InventoryStore(path: path, mode: .read) } throws: { ($0 as? StoreError)?.code == .olderSchema }
        let store = try InventoryStore(path: path)
        // The collector of 0002 counted missing databases among the others, and its cluster ids had no account.
        let countsMissing = number == "0002"
        func check(_ name: String, _ rows: [ListRow]) throws {
            guard let wanted = lists[name] else { return }
            #expect(wanted.count == rows.count, "\(name)")
            for (row, wanted) in zip(rows, wanted) {
                for (column, value) in wanted {
                    // A later schema may have more columns; those that there were have their values.
                    guard row.list.index(column) != nil else { throw StoreError(.failed, "\(name) lost \(column)") }
                    var found = row[dynamicMember: column]
                    var value = value
                    if name == "clusters", ["roles", "versions"].contains(column) {
                        // They are in the order of their texts now.
                        let words = (value as? String)?.split(separator: ",").sorted()
                        value = words.map { $0.joined(separator: ",") } ?? value
                    }
                    if countsMissing, name == "clusters", column == "databases" {
                        found = .integer((found.integer ?? 0) + (row.missing.integer ?? 0))
                    }
                    #expect(found == Value(json: value), "\(name): \(column)")
                }
            }
        }
        func all(_ list: List, _ change: (inout ListRequest) -> Void = { _ in }) throws -> [ListRow] {
            var request = ListRequest()
            request.limit = ListRequest.maximumLimit
            change(&request)
            return try store.page(list, request).items
        }
        for _ in 0..<2 {
            for list in [List.databases, .hosts, .changes, .hostEvents, .deadLetters] {
                try check(list.name, try all(list))
            }
            try check("as_of", try all(.databases) { $0.asOf = Timestamp.parse("2026-11-20T12:00:30Z") })
            try check("clusters", try store.clusters(limit: 1_000).items)
            try check("accounts", try store.accounts())
            try check("tokens", try store.tokens().map(\.row))
            let stats = try store.stats(groupBy: ["engine", "state", "version"]).items
            #expect(stats.count == lists["stats"]?.count)
            for row in lists["stats"] ?? [] {
                let group = row["group"] as? [String: Any] ?? [:]
                let counted = stats.first { stat in
                    stat.group.allSatisfy { Value($0.value) == Value(json: group[$0.key]) }
                }
                let databases = counted.map { Int(countsMissing ? $0.databases + $0.missing : $0.databases) }
                #expect(databases == row["databases"] as? Int)
                if !countsMissing { #expect(counted.map { Int($0.missing) } == row["missing"] as? Int) }
            }
            // What the reports tell again is the same.
            if countsMissing { break }
            try store.rebuild()
        }
        try InventoryStore.check(path)
    }

    /// A copy of the store that the collector of that time wrote: Fixtures/write-store.py.
    private static func unpack(_ number: String) throws -> String {
        let packed = try Data(contentsOf: fixtures.appending(path: "store-\(number).sqlite.gz"))
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path
        try Data(try Gzip.firstMember(of: Array(packed)[...], compressedLimit: .max).bytes).write(
            to: URL(filePath: path))
        return path
    }
}

extension Value {
    /// A value of JSON.
    fileprivate init(json value: Any?) {
        switch value {
        case let text as String: self = .text(text)
        case let number as NSNumber:
            self = CFGetTypeIDIsBoolean(number) ? .flag(number.boolValue) : .integer(number.int64Value)
        default: self = .null
        }
    }
}

/// Whether a number of JSONSerialization was `true` or `false`.
private func CFGetTypeIDIsBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
