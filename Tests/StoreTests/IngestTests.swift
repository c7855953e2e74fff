import Foundation
import GRDB
import Report
import Testing

@testable import Store

@Suite("Ingest")
struct IngestTests {
    let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path
    let store: InventoryStore
    static let noon = Date(timeIntervalSince1970: 1_790_000_000)

    init() throws { store = try InventoryStore(path: path) }

    /// A report of `minute` minutes after noon with databases at `paths`.
    static func report(
        _ minute: Int, _ paths: [String] = ["/a"], machine: String? = "0123456789abcdef0123456789abcdef",
        instance: String? = nil,
        status: Report.Scan.Status = .complete, version: String = "8.0.36", bytes: Int64? = 1000
    ) -> Report {
        var host = Report.Host()
        host.hostname = "db1"
        host.machineID = machine
        if let instance {
            host.cloud = Report.Cloud(provider: "aws")
            host.cloud?.instanceID = instance
            host.cloud?.accountID = "123456789012"
            host.cloud?.region = "eu-central-1"
        }
        let scan = Report.Scan(
            startedAt: noon.addingTimeInterval(Double(minute) * 60), durationMs: 1, status: status, privileged: true,
            sandbox: .init(seccomp: false, landlock: false), processesSeen: 1, problems: [])
        return Report(
            agent: .init(version: "0.1.0", architecture: "x86_64"), host: host, scan: scan,
            databases: paths.map { path in
                var database = Report.Database(key: "mysql:" + path, engine: "mysql", state: .running)
                database.version = version
                database.versionPrecision = .exact
                database.listeners = [
                    .init(address: "127.0.0.1", port: 33060, protocol: .tcp, exposure: .loopback, purpose: "mysqlx"),
                    .init(address: "0.0.0.0", port: 3306, protocol: .tcp, exposure: .all, purpose: "client"),
                ]
                database.dataDirectories = [.init(path: path, hostPath: path, purpose: .data)]
                database.dataDirectories[0].bytes = bytes
                return database
            })
    }

    private func ingest(_ report: Report) throws -> IngestOutcome {
        try store.ingest(report, now: Self.noon.addingTimeInterval(3600))
    }

    @Test("a report becomes a host and its databases")
    func stored() throws {
        #expect(
            try ingest(Self.report(0, ["/a", "/b"]))
                == .stored(hostID: "0123456789abcdef0123456789abcdef", databases: 2))
        let rows = try store.databases().items
        #expect(rows.map(\.data_directory) == ["/a", "/b"])
        #expect(
            rows[0].port == 3306 && rows[0].exposure == "all" && rows[0].bytes == 1000 && rows[0].version == "8.0.36")
        #expect(rows[0].id == "0123456789abcdef0123456789abcdef/mysql:/a")
        #expect(try store.hosts().items.map(\.databases) == [2])
    }

    @Test("the same report twice is one, however it was wrapped")
    func duplicate() throws {
        _ = try ingest(Self.report(0))
        let again = try Report.decode(json: try Self.report(0).json(.pretty))
        #expect(try ingest(again) == .duplicate(hostID: "0123456789abcdef0123456789abcdef"))
        #expect(try count("reports") == 1)
    }

    @Test("an older report is kept, and changes nothing")
    func older() throws {
        _ = try ingest(Self.report(10, version: "8.0.37"))
        #expect(try ingest(Self.report(5, ["/a", "/gone"])) == .older(hostID: "0123456789abcdef0123456789abcdef"))
        #expect(try store.databases().items.map(\.version) == ["8.0.37"])
        #expect(try count("reports") == 2)
        #expect(try ingest(Self.report(5, ["/a", "/gone"])) == .duplicate(hostID: "0123456789abcdef0123456789abcdef"))
    }

    @Test("what a complete scan no longer sees is missing since then, and comes back")
    func missing() throws {
        _ = try ingest(Self.report(0, ["/a", "/b"]))
        _ = try ingest(Self.report(1, ["/a"], status: .partial))
        #expect(try store.databases().items.map(\.missing_since) == [nil, nil], "a partial scan proves nothing")
        _ = try ingest(Self.report(2, ["/a"]))
        #expect(try store.databases().items.map { $0.missing_since != nil } == [false, true])
        _ = try ingest(Self.report(3, ["/a"]))
        #expect(try store.databases().items[1].missing_since == Timestamp.format(Self.noon.addingTimeInterval(120)))
        _ = try ingest(Self.report(4, ["/a", "/b"]))
        let back = try store.databases().items[1]
        #expect(back.missing_since == nil && back.first_seen == Timestamp.format(Self.noon))
    }

    @Test("a scan without sizes keeps the last known one")
    func sizes() throws {
        _ = try ingest(Self.report(0))
        _ = try ingest(Self.report(1, bytes: nil))
        #expect(try store.databases().items.map(\.bytes) == [1000])
    }

    @Test("a host is one row, whether or not a report knows its instance")
    func identity() throws {
        _ = try ingest(Self.report(0))
        _ = try ingest(Self.report(1, instance: "i-0123456789abcdef0"))
        _ = try ingest(Self.report(2))
        let hosts = try store.hosts().items
        #expect(hosts.map(\.id) == ["i-0123456789abcdef0"])
        #expect(hosts.map(\.account_id) == ["123456789012"] && hosts.map(\.region) == ["eu-central-1"])
        #expect(try count("accounts") == 1)
    }

    @Test("two instances cloned with one machine id are two hosts; a report that fits neither is a third")
    func clones() throws {
        _ = try ingest(Self.report(0, instance: "i-0123456789abcdef0"))
        _ = try ingest(Self.report(0, instance: "i-0123456789abcdef1"))
        _ = try ingest(Self.report(1))
        #expect(
            try store.hosts().items.map(\.id) == [
                "0123456789abcdef0123456789abcdef", "i-0123456789abcdef0", "i-0123456789abcdef1",
            ])
    }

    @Test("a host without identity and a scan in the future are rejected and not kept")
    func rejected() throws {
        for report in [Self.report(0, machine: nil), Self.report(60 * 48)] {
            guard case .rejected = try ingest(report) else { return #expect(Bool(false)) }
        }
        #expect(try count("hosts") == 0 && count("reports") == 0)
    }

    @Test("the store is in WAL mode, every commit is synced, and foreign keys hold")
    func durability() throws {
        let pragmas = try store.database.read { database in
            try ["journal_mode", "synchronous", "foreign_keys"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(pragmas == ["wal", "2", "1"])
    }

    @Test("opened again, everything is there; a file that is no store, or a newer one, is refused")
    func reopen() throws {
        _ = try ingest(Self.report(0))
        #expect(try InventoryStore(path: path).databases().items.count == 1)
        try store.database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999 future')") }
        #expect { try InventoryStore(path: path) } throws: { ($0 as? StoreError)?.code == .newerSchema }
        let noise = path + ".noise"
        try Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 7) }).write(to: URL(filePath: noise))
        #expect { try InventoryStore(path: noise) } throws: { ($0 as? StoreError)?.code == .notAStore }
        #expect { try InventoryStore(path: "/does/not/exist/x.sqlite") } throws: {
            ($0 as? StoreError)?.code == .cannotOpen
        }
    }

    private func count(_ table: String) throws -> Int? {
        try store.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") }
    }
}
