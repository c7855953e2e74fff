import Foundation
import Report
import SQL
import SQLiteDriver
import Stores
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Ingest")
struct IngestTests {
    let path: String
    let store: InventoryStore
    static let noon = Date(timeIntervalSince1970: 1_790_000_000)

    init() throws {
        path = try TestPlace.make()
        store = try InventoryStore(path: path)
    }

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
                database.dataDirectories[0].complete = bytes != 5
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
                == .stored(place: "0123456789abcdef0123456789abcdef", databases: 2))
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
        #expect(try ingest(again) == .duplicate(place: "0123456789abcdef0123456789abcdef"))
        #expect(try count("reports") == 1)
    }

    @Test("an older report is kept, and changes nothing")
    func older() throws {
        _ = try ingest(Self.report(10, version: "8.0.37"))
        #expect(try ingest(Self.report(5, ["/a", "/gone"])) == .older(place: "0123456789abcdef0123456789abcdef"))
        #expect(try store.databases().items.map(\.version) == ["8.0.37"])
        #expect(try count("reports") == 2)
        #expect(try ingest(Self.report(5, ["/a", "/gone"])) == .duplicate(place: "0123456789abcdef0123456789abcdef"))
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
        #expect(try ingest(Self.report(2)) == .stored(place: "i-0123456789abcdef0", databases: 1))
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
                "i-0123456789abcdef0", "i-0123456789abcdef1", "0123456789abcdef0123456789abcdef",
            ])
    }

    @Test("a host that has only a name goes by it; one without any identity, and a scan in the future, are rejected")
    func rejected() throws {
        var nameless = Self.report(0, machine: nil)
        nameless.host.hostname = nil
        var strange = nameless
        strange.host.machineID = "i-0123456789abcdef0"
        for report in [nameless, strange, Self.report(60 * 48)] {
            guard case .rejected = try ingest(report) else {
                Issue.record("it was stored")
                continue
            }
        }
        #expect(try count("hosts") == 0 && count("reports") == 0)
        #expect(try ingest(Self.report(0, machine: nil)) == .stored(place: "name:db1", databases: 1))
        #expect(try ingest(Self.report(0, machine: nil)) == .duplicate(place: "name:db1"))
        #expect(try ingest(Self.report(1, machine: nil)) == .stored(place: "name:db1", databases: 1))
    }

    @Test("a report is one transaction: when its second database cannot be stored, nothing of it is")
    func atomic() throws {
        try store.database.write {
            try $0.script(
                $0.dialect == .postgresql
                    ? "ALTER TABLE databases ADD CONSTRAINT refuse CHECK (key <> 'mysql:/b')"
                    : """
                    CREATE TRIGGER refuse BEFORE INSERT ON databases WHEN NEW.key = 'mysql:/b'
                    BEGIN SELECT RAISE(ABORT, 'no'); END
                    """)
        }
        guard case .rejected = try ingest(Self.report(0, ["/a", "/b"])) else {
            Issue.record("it was stored")
            return
        }
        #expect(try count("hosts") == 0 && count("databases") == 0 && count("reports") == 0)
        #expect(try ingest(Self.report(0, ["/a"])) == .stored(place: "0123456789abcdef0123456789abcdef", databases: 1))
    }

    @Test("a full disk is an error, and nothing of the report is stored", .enabled(if: TestPlace.isFile))
    func diskFull() throws {
        try store.database.bare { database in
            let pages = try (database.value("PRAGMA page_count") as Int?) ?? 0
            try database.script("PRAGMA max_page_count = \(pages)")
        }
        let many = (0..<2000).map { "/data/\($0)" }
        #expect { try ingest(Self.report(0, many)) } throws: { ($0 as? StoreError)?.code == .full }
        #expect(try count("hosts") == 0 && count("databases") == 0)
    }

    @Test("what a partial scan could not learn stays as it was known")
    func partial() throws {
        _ = try ingest(Self.report(0))
        var blind = Self.report(1, status: .partial, bytes: 5)
        blind.databases[0].version = nil
        blind.databases[0].versionPrecision = nil
        blind.databases[0].listeners = []
        _ = try ingest(blind)
        let row = try store.databases().items[0]
        #expect(row.version == "8.0.36" && row.version_precision == "exact")
        #expect(row.port == 3306 && row.address == "0.0.0.0" && row.exposure == "all")
        #expect(row.bytes == 1000 && row.bytes_complete == true && row.bytes_at == Timestamp.format(Self.noon))
    }

    @Test("a report of a snapshot says nothing about a server that runs")
    func snapshot() throws {
        _ = try ingest(Self.report(0))
        var image = Self.report(1, ["/a", "/b"], status: .partial)
        image.scan.problems = [.init(code: "no_process_table", subject: "/proc", message: "none")]
        for index in image.databases.indices { image.databases[index].state = .stopped }
        _ = try ingest(image)
        #expect(try store.databases().items.map(\.state) == ["running", "stopped"])
    }

    @Test("the received bytes are kept, with keys that this program does not know")
    func raw() throws {
        let json = Array("{\"new\":1,".utf8) + (try Self.report(0).json(.minified)).dropFirst()
        let incoming = try Observation(packed: try Gzip.compress(json), json: json, catalog: .current)
        _ = try store.ingest([incoming], now: Self.noon)
        let body = try store.database.read { try $0.value("SELECT body FROM reports") as [UInt8]? }
        #expect(try Gzip.decompress(Array(try #require(body))) == json)
        #expect(try ingest(Self.report(0)) == .duplicate(place: "0123456789abcdef0123456789abcdef"))
    }

    @Test("a large report that came as JSON is known again, though it packs to more than a frame may hold")
    func large() throws {
        var state: UInt64 = 3
        var report = Self.report(0)
        report.databases[0].evidence = (0..<8).map { number in
            let noise = (0..<1_000_000).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (state >> 33) % 64)
            }
            return .init(field: "\(number)", value: String(decoding: noise, as: UTF8.self), source: "x")
        }
        #expect(try Gzip.compress(try report.json(.minified)).count > ReportLimits.compressedBytes)
        _ = try ingest(report)
        #expect(try ingest(report) == .duplicate(place: "0123456789abcdef0123456789abcdef"))
    }

    @Test(
        "reading makes no store and changes none; another program's database is refused untouched",
        .enabled(if: TestPlace.isFile))
    func reading() throws {
        #expect { try InventoryStore(path: path + ".none", mode: .read) } throws: {
            ($0 as? StoreError)?.code == .cannotOpen
        }
        #expect(!FileManager.default.fileExists(atPath: path + ".none"))
        let foreign = path + ".foreign"
        try SQLiteFiles().open(foreign, .write).write { try $0.run("CREATE TABLE theirs (x)") }
        let before = try Data(contentsOf: URL(filePath: foreign))
        for mode in [InventoryStore.Mode.read, .write] {
            #expect { try InventoryStore(path: foreign, mode: mode) } throws: {
                ($0 as? StoreError)?.code == .notAStore
            }
        }
        #expect(try Data(contentsOf: URL(filePath: foreign)) == before)
    }

    @Test("the store is in WAL mode, every commit is synced, and foreign keys hold", .enabled(if: TestPlace.isFile))
    func durability() throws {
        let pragmas = try store.database.read { database in
            try ["journal_mode", "synchronous", "foreign_keys"].map {
                try database.value("PRAGMA \($0)") as SQLValue?
            }
        }
        #expect(pragmas == [.text("wal"), .integer(2), .integer(1)])
    }

    @Test(
        "opened again, everything is there; a file that is no store, or a newer one, is refused",
        .enabled(if: TestPlace.isFile))
    func reopen() throws {
        _ = try ingest(Self.report(0))
        #expect(try InventoryStore(path: path).databases().items.count == 1)
        try store.database.write { try $0.run("INSERT INTO grdb_migrations VALUES ('9999 future')") }
        #expect { try InventoryStore(path: path) } throws: { ($0 as? StoreError)?.code == .newerSchema }
        #expect { try InventoryStore.restore(from: path, to: path + ".restored") } throws: {
            ($0 as? StoreError)?.code == .newerSchema
        }
        let noise = path + ".noise"
        try Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 7) }).write(to: URL(filePath: noise))
        #expect { try InventoryStore(path: noise) } throws: { ($0 as? StoreError)?.code == .notAStore }
        #expect { try InventoryStore(path: "/does/not/exist/x.sqlite") } throws: {
            ($0 as? StoreError)?.code == .cannotOpen
        }
    }

    private func count(_ table: String) throws -> Int? {
        try store.database.read { try $0.value("SELECT COUNT(*) FROM \(table)") as Int? }
    }
}
