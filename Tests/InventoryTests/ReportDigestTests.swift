import Foundation
import Report
import Testing

@testable import Inventory

@Suite("The digest of what lasts in a report")
struct ReportDigestTests {
    private static let field = Field("executable", optional: true, "The server's executable.")
        .observed(.moved, needs: [.process, .filesystems]) { Value($0.process?.executable) }

    private static func report(_ change: (inout Report.Database) -> Void = { _ in }) -> Report {
        var database = Report.Database(key: "mysql:/a", engine: "mysql", state: .running)
        database.process = Report.Process(pid: 1)
        database.process?.executable = "/usr/sbin/mysqld"
        var directory = Report.DataDirectory(path: "/a", hostPath: "/a", purpose: .data)
        directory.filesystem = Report.Filesystem(
            mountPoint: "/", type: "ext4", device: "/dev/a", totalBytes: 100, availableBytes: 50)
        database.dataDirectories = [directory]
        change(&database)
        return Report(
            agent: .init(version: "0.1.0", architecture: "x86_64"), host: Report.Host(),
            scan: Report.Scan(
                startedAt: Date(timeIntervalSince1970: 1_790_000_000), durationMs: 1, status: .complete,
                privileged: true, sandbox: .init(seccomp: false, landlock: false), processesSeen: 1, problems: []),
            databases: [database])
    }

    private static func digest(_ report: Report, _ catalog: Catalog) throws -> Int64 {
        try #require(ReportDigest(try report.json(.minified), catalog)).digest
    }

    @Test("a column that needs the process or the file system does not make their volatile members count")
    func volatile() throws {
        let catalog = Catalog(databases: List.databases.adding([Self.field]))
        let before = try Self.digest(Self.report(), catalog)
        let volatile = Self.report {
            $0.process?.memoryBytes = 77
            $0.dataDirectories[0].filesystem?.availableBytes = 49
        }
        #expect(try Self.digest(volatile, catalog) == before)
        for other in [
            Self.report { $0.process?.executable = "/opt/mysqld" }, Self.report { $0.process = nil },
            Self.report { $0.dataDirectories[0].filesystem?.type = "xfs" },
            Self.report { $0.dataDirectories[0].filesystem = nil },
            Self.report { $0.dataDirectories[0].path = "/b" },
        ] {
            #expect(try Self.digest(other, catalog) != before)
        }
    }

    @Test("without such a column neither part counts")
    func notNeeded() throws {
        let other = Self.report {
            $0.process?.executable = "/opt/mysqld"
            $0.dataDirectories[0].filesystem?.type = "xfs"
        }
        #expect(try Self.digest(other, .current) == Self.digest(Self.report(), .current))
    }

    @Test("another catalog gives another digest: its columns have to be read once")
    func catalogs() throws {
        let catalog = Catalog(databases: List.databases.adding([Self.field]))
        #expect(try Self.digest(Self.report(), catalog) != Self.digest(Self.report(), .current))
    }
}
