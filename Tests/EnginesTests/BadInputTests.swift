import Foundation
import HostView
import Report
import Testing

@testable import Engines

/// What no repository can hold: FIFOs, devices, huge and vanishing files. A copy of a fixture host is spoiled.
@Suite("Bad input")
struct BadInputTests {
    final class Copy {
        let path: String
        init(of host: String) throws {
            path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())").path
            let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "Fixtures/hosts/\(host)")
            try FileManager.default.copyItem(at: fixtures, to: URL(filePath: path))
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func scan(seconds: Double = 30) throws -> (databases: [Report.Database], problems: [Report.Problem]) {
            let log = ProblemLog()
            let host = ScanContext(
                try HostRoot(path), deadline: Deadline(seconds: seconds), log: log, isRecorded: true)
            var databases: [FoundDatabase] = []
            let inspector = Inspector(host)
            inspector.run(try inspector.findCandidates().servers) { databases.append($0) }
            Sizes.measure(&databases, host)
            return (databases.map(\.database), log.problems)
        }
    }

    @Test("FIFOs and devices where files are expected are refused, and the rest is found")
    func specialFiles() throws {
        let copy = try Copy(of: "debian-mysql")
        for file in [
            "etc/mysql/mysql.conf.d/mysqld.cnf", "var/lib/mysql/auto.cnf", "var/lib/mysql/#innodb_redo/#ib_redo41",
        ] {
            #expect(unlink(copy.path + "/" + file) == 0)
            #expect(mkfifo(copy.path + "/" + file, 0o666) == 0)
        }
        #expect(mkfifo(copy.path + "/var/lib/mysql/fifo", 0o666) == 0)
        _ = mknod(copy.path + "/var/lib/mysql/device", S_IFCHR | 0o666, 0x105)
        let (databases, problems) = try copy.scan()
        let database = try #require(databases.first { $0.state == .running })
        #expect(database.version == "8.0.36", "the dictionary page is still there")
        #expect(database.identity.isEmpty)
        #expect(database.dataDirectories.first?.complete == true)
        #expect(problems.filter { $0.code == "unreadable" }.count == 3)
    }

    @Test("a my.cnf of 1 GB is read as far as the limit, and that is said")
    func hugeConfiguration() throws {
        let copy = try Copy(of: "debian-mysql")
        #expect(truncate(copy.path + "/etc/mysql/mysql.conf.d/mysqld.cnf", 1 << 30) == 0)
        let (databases, problems) = try copy.scan()
        #expect(databases.first { $0.state == .running }?.settings["server_id"] == "1")
        #expect(problems.contains { $0.code == "file_too_large" && $0.subject.hasSuffix("mysqld.cnf") })
    }

    @Test("a line that is too long to be one is left out, and that is said; the others count")
    func longLine() throws {
        let copy = try Copy(of: "debian-mysql")
        let file = URL(filePath: copy.path + "/etc/mysql/mysql.conf.d/mysqld.cnf")
        let long = "socket=/" + String(repeating: "x", count: ConfigurationLines.lineLimit) + "\n"
        try Data((String(contentsOf: file, encoding: .utf8) + long).utf8).write(to: file)
        let (databases, problems) = try copy.scan()
        #expect(databases.first { $0.state == .running }?.settings["server_id"] == "1")
        #expect(problems.contains { $0.code == "file_too_large" && $0.subject.hasSuffix("mysqld.cnf") })
    }

    @Test("ten thousand includes end at the limit")
    func includes() throws {
        let copy = try Copy(of: "debian-mysql")
        for number in 0..<10_000 {
            try "[mysqld]\n!include \(number + 1).cnf\n".write(
                toFile: copy.path + "/etc/mysql/mysql.conf.d/\(number).cnf", atomically: false, encoding: .utf8)
        }
        let (databases, problems) = try copy.scan()
        #expect(databases.contains { $0.state == .running })
        #expect(databases.allSatisfy { $0.configFiles.count <= OptionFiles.fileLimit + 1 })
        #expect(problems.contains { $0.code == "include_limit" })
    }

    @Test("a data directory with more names than are read says so")
    func manyNames() throws {
        let copy = try Copy(of: "two-instances")
        for number in 0..<(HostRoot.Limits.entries + 10) {
            #expect(mkdir(copy.path + "/srv/mysql1/\(number)", 0o700) == 0)
        }
        let (_, problems) = try copy.scan()
        #expect(problems.contains { $0.code == "file_too_large" && $0.subject == "/srv/mysql1" })
    }

    @Test("a data directory that goes away costs its size alone")
    func vanishedDirectory() throws {
        let copy = try Copy(of: "two-instances")
        try FileManager.default.removeItem(atPath: copy.path + "/srv/mysql1")
        let (databases, _) = try copy.scan()
        #expect(databases.contains { $0.dataDirectories.first?.path == "/srv/mysql2" && $0.version == "8.4.0" })
        #expect(databases.contains { $0.process?.pid == 100 && $0.version == "8.4.0" }, "known by its package")
    }

    @Test("a passed deadline gives what there is, and says so")
    func deadline() throws {
        let (databases, problems) = try Copy(of: "two-instances").scan(seconds: 0)
        #expect(databases.isEmpty)
        #expect(problems.contains { $0.code == "deadline" })
    }

    @Test("a container's owner cannot make the report too large to be read")
    func largeTexts() throws {
        let copy = try Copy(of: "two-instances")
        for number in 1...2 {
            try "[auto]\nserver-uuid=\(String(repeating: "\u{1}", count: 900_000))\n".write(
                toFile: copy.path + "/srv/mysql\(number)/auto.cnf", atomically: true, encoding: .utf8)
        }
        let arguments = (0..<3000).map { "--datadir=\(String(repeating: "\u{1}", count: 10))\($0)\0" }.joined()
        try ("/usr/sbin/mysqld\0" + arguments).write(
            toFile: copy.path + "/proc/100/cmdline", atomically: true, encoding: .utf8)
        let (databases, problems) = try copy.scan()
        #expect(databases.count == 3)
        #expect(databases.allSatisfy { $0.identity["server_uuid"] == nil || $0.identity["server_uuid"]?.count == 36 })
        #expect(databases.allSatisfy { $0.weight < 1 << 20 })
        #expect(problems.contains { $0.code == "file_too_large" && $0.subject == "/proc/100/cmdline" })
    }

    @Test("a database sheds its details, and keeps what it is")
    func dropDetails() {
        let host = Fixture.host("debian-mariadb")
        let place = StoppedPlace(path: "/x", root: host.root, claim: Claim("/x", source: "/x"))
        let draft = Draft(EngineRegistry.all[0], place, host)
        draft.database.settings = ["port": "1"]
        draft.database.version = "8.0.36"
        for number in 0..<1000 {
            draft.note("version", "\(number)", source: String(repeating: "\u{1}", count: 5000))
        }
        var database = draft.database
        #expect(database.evidence.count == EvidenceLimits.notes)
        let heavy = database.weight
        database.dropDetails()
        #expect(database.weight < heavy / 100 && database.version == "8.0.36" && database.evidence.isEmpty)
    }

    @Test("a configuration file of more settings than are read is said to be cut, and no default is assumed")
    func manySettings() throws {
        let copy = try Copy(of: "debian-mongodb")
        let file = copy.path + "/etc/mongod.conf"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (String(repeating: "a: 1\n", count: ConfigurationEntry.limit) + text).write(
            toFile: file, atomically: true, encoding: .utf8)
        let (databases, problems) = try copy.scan()
        #expect(problems.contains { $0.code == "file_too_large" && $0.subject == "/etc/mongod.conf" })
        let server = try #require(databases.first { $0.process?.pid == 480 })
        #expect(server.settings["bind"] == nil && server.settings["port"] == nil)
    }

    @Test("problems are bounded")
    func problems() {
        let log = ProblemLog()
        for number in 0..<10_000 { log.add(.malformed, "\(number)", "x") }
        #expect(log.problems.count == ProblemLog.codeLimit + 1, "a crowd of one kind")
        #expect(log.problems.last?.code == "too_many_problems" && log.problems.last?.subject == "malformed")
        log.add(.versionDisagreement, "mysql:/data", "is still said")
        #expect(log.problems.last?.code == "version_disagreement")
        for code in ProblemCode.allCases { for number in 0..<50 { log.add(code, "\(number)", "y") } }
        #expect(log.problems.count == ProblemLog.limit + 1)
        #expect(log.problems.last?.code == "too_many_problems" && log.problems.last?.subject == "scan")
        #expect(log.isPartial)
    }
}
