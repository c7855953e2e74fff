import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inventory
import Logging
import Report
import SQL
import SQLiteDriver
import Testing

@testable import Collector
@testable import Store
@testable import Web

/// docs/contributing/list-column.md: the declaration and the migration of this test are all that a new column needs.
@Suite("A new column of the databases list is one declaration and one migration")
struct NewColumnTests {
    static let field = Field("executable", optional: true, "The server's executable.")
        .sorted.searched.observed(.moved, needs: .process) { Value($0.process?.executable) }
        .cell("EXECUTABLE", .cutFront, rank: 9)

    static let migration = Migration(
        name: "9999 executable",
        sql: """
            ALTER TABLE databases ADD COLUMN executable TEXT;
            ALTER TABLE database_history ADD COLUMN executable TEXT;
            CREATE INDEX databases_by_executable ON databases (executable);
            """)

    let store: InventoryStore
    var list: List { store.catalog.databases }

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dbcensus-column-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try InventoryStore(
            path: folder.appending(path: "inventory.sqlite").path, files: SQLiteFiles(),
            catalog: Catalog(databases: List.databases.adding([Self.field])),
            migrations: Migration.sqlite + [Self.migration])
        for (minute, paths) in [["/usr/sbin/mysqld", nil], ["/opt/new/mysqld", nil]].enumerated() {
            _ = try store.ingest(Self.report(minute, paths))
        }
    }

    private static func report(_ minute: Int, _ executables: [String?]) -> Report {
        var host = Report.Host()
        host.machineID = String(repeating: "a", count: 32)
        let scan = Report.Scan(
            startedAt: Date(timeIntervalSince1970: 1_790_000_000 + Double(minute) * 60), durationMs: 1,
            status: .complete, privileged: true, sandbox: .init(seccomp: false, landlock: false), processesSeen: 1,
            problems: [])
        return Report(
            agent: .init(version: "0.1.0", architecture: "x86_64"), host: host, scan: scan,
            databases: executables.enumerated().map { number, executable in
                var database = Report.Database(key: "mysql:/\(number)", engine: "mysql", state: .running)
                if let executable {
                    database.process = Report.Process(pid: 1)
                    database.process?.executable = executable
                }
                return database
            })
    }

    @Test("the store keeps it, its history and its changes; lists filter, sort and search by it")
    func inTheStore() throws {
        func rows(_ change: (inout ListRequest) -> Void = { _ in }) throws -> [Value] {
            var request = ListRequest()
            change(&request)
            return try store.page(list, request).items.map(\.executable)
        }
        #expect(try rows() == ["/opt/new/mysqld", nil])
        #expect(try rows { $0.require("executable", "/opt/new/mysqld") } == ["/opt/new/mysqld"])
        #expect(try rows { $0.sort = "-executable" } == ["/opt/new/mysqld", nil])
        #expect(try rows { $0.search = "opt new" } == ["/opt/new/mysqld"])
        #expect(try rows { $0.asOf = Date(timeIntervalSince1970: 1_790_000_030) }.contains("/usr/sbin/mysqld"))
        let change = try #require(try store.page(.changes, ListRequest()).items.first)
        #expect(change.kind == "moved" && change.field == "executable" && change.before == "/usr/sbin/mysqld")
        let before = try store.page(list, ListRequest()).items
        try store.rebuild()
        let after = try store.page(list, ListRequest()).items
        #expect(after.map(\.values) == before.map(\.values))
    }

    @Test("JSON, CSV, NDJSON, the filter of the API, its description and the command line's table have it")
    func outside() async throws {
        let made = try TokenMaker.make(.init(name: "t", scopes: ["read"]), now: Date())
        try store.addToken(made.row, hash: made.token.hash)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let backend = Backend(store, Live(WebConfiguration()), logger)
        let application = Application(responder: APIRouter.responder(backend), logger: logger)
        let headers: HTTPFields = [.authorization: "Bearer \(made.token.text)"]
        try await application.test(.router) { client in
            func get(_ query: String, _ accept: String) async throws -> String {
                var headers = headers
                headers[.accept] = accept
                let response = try await client.executeRequest(
                    uri: "/api/v1/databases" + query, method: .get, headers: headers, body: nil)
                return String(buffer: response.body)
            }
            let filtered = try await get("?executable=%2Fopt%2Fnew%2Fmysqld", "application/json")
            #expect(filtered.contains(#""executable":"/opt/new/mysqld""#) && !filtered.contains("mysql:/1"))
            let csv = try await get("?sort=executable", "text/csv")
            #expect(csv.split(separator: "\r\n").map { $0.hasSuffix("executable") }.first == true)
            #expect(csv.contains(",/opt/new/mysqld\r\n"))
            #expect(try await get("", "application/x-ndjson").contains(#""executable":"/opt/new/mysqld""#))
        }
        let description = String(decoding: OpenAPI.document(store.catalog, version: "0"), as: UTF8.self)
        #expect(description.contains(#""executable" : {"#) && description.contains(#""name" : "executable""#))
        let rows = try store.page(list, ListRequest()).items
        #expect(ListTable.text(list, rows).contains("EXECUTABLE") && ListTable.text(list, rows).contains("/opt/new"))
        #expect(list.help.contains("executable"))
    }
}
