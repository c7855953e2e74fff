import Foundation
import HostView
import Report
import Testing

@testable import Engines

@Suite("PostgreSQL")
struct PostgreSQLTests {
    @Test("postgresql.conf: quotes doubled or escaped, comments, missing equals signs, names in any case")
    func configuration() {
        let text =
            "# x\nport = 5433 # y\nListen_Addresses '*'\ndata_directory = '/a''b\\'c'\ninclude 'x.conf'\n 9bad = 1\nssl=on\n'quoted' = 1\n"
        let parsed = PostgreSQLFiles.parse(text).map { "\($0.name)=\($0.value)" }
        #expect(parsed == ["port=5433", "listen_addresses=*", "data_directory=/a'b'c", "include=x.conf", "ssl=on"])
    }

    @Test("arguments in every spelling, none that may hold a secret")
    func arguments() {
        let words = [
            "postgres", "-D", "/d", "-p5433", "-c", "max_connections=7", "--hba-file=/h", "-cssl=on", "-c",
            "primary_conninfo=password=x",
            "--unix_socket_directories=/s", "-h", "*",
        ]
        let arguments = PostgreSQLSettings.arguments(words)
        #expect(
            arguments.values == [
                "data_directory": "/d", "port": "5433", "max_connections": "7", "hba_file": "/h", "ssl": "on",
                "unix_socket_directories": "/s", "listen_addresses": "*",
            ])
        #expect(!arguments.reported.joined().contains("password"))
    }

    @Test("pg_control: identifier, catalog and state; a cut or foreign file is none")
    func control() throws {
        var bytes: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0x80, 0x14, 5, 0, 0]
        bytes += withUnsafeBytes(of: UInt32(202_209_061).littleEndian) { Array($0) }
        bytes += [5, 0, 0, 0] + [UInt8](repeating: 0, count: 12)
        let control = try #require(PgControl(bytes))
        #expect(control.systemIdentifier == 0x8000_0000_0000_0001)
        #expect(control.major == "15" && control.state == .archiveRecovery)
        #expect(PgControl(Array(bytes.dropLast())) == nil)
        #expect(PgControl(bytes.reversed()) == nil)
        bytes[16] = 99
        #expect(PgControl(bytes) == nil)
    }

    @Test("the version in an executable stands alone, behind a NUL or a bar")
    func executable() {
        func version(_ text: String) -> String? {
            PostgreSQL().profile.versionMarks.compactMap { ExecutableVersion.text($0, in: Array(text.utf8)) }.first
        }
        #expect(version("\0PostgreSQL 15.18 (Debian) on x\0") == "15.18")
        #expect(version("|PostgreSQL 9.6.24\0") == "9.6.24")
        #expect(version("\0For PostgreSQL 9.1 and PostgreSQL 12.\0\0PostgreSQL 16.2\0") == "16.2")
        #expect(version("xPostgreSQL 15.1\0") == nil)
        #expect(version("\0PostgreSQL 15.1") == nil, "a number at the very end may go on in the next chunk")
        let before = VersionMark.before("\0heap_size\0")
        #expect(ExecutableVersion.text(before, in: Array("\01.2.11\0x\07.0.5\0\0\0heap_size\0".utf8)) == "7.0.5")
        #expect(ExecutableVersion.text(before, in: Array("\0v7.0.5\0heap_size\0".utf8)) == nil)
    }

    @Test(
        "major versions",
        arguments: [("15.18", "15"), ("9.6.24", "9.6"), ("15", "15"), ("pgsql-16", "16"), ("x", nil), ("15beta1", nil)])
    func majors(text: String, major: String?) { #expect(PostgreSQL.major(of: text) == major) }

    @Test(
        "who comes in without a question, by pg_hba.conf",
        arguments: [
            ("host all all 0.0.0.0/0 trust", "trust"), ("host all all samenet trust", "trust"),
            ("hostssl \"all\" all 10.0.0.0 255.0.0.0 trust map=x", "trust"), ("host all all all \\\n  trust", "trust"),
            ("local all all trust", "trust_local"),
            ("host all all 127.0.0.1/32 trust\nhost all all ::1/128 trust", "trust_local"),
            ("host all all 10.0.0.0 255.0.0.0 ldap ldapbindpasswd=canary", "enabled"),
            ("# host all all all trust", "enabled"),
            ("local all \"trust\" peer", "enabled"), ("host all all", "enabled"), ("include other.conf", "trust"),
            ("host all all 127.0.0.1 0.0.0.0 trust", "trust"),
            ("host all all 127.0.0.1 255.0.0.0 trust", "trust_local"),
            ("host all all 127.0.0.1/1 trust", "trust"), ("host all all 127.evil.example trust", "trust"),
            ("include none.conf", nil), ("include_if_exists none.conf", "enabled"),
        ])
    func authentication(text: String, expected: String?) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data(text.utf8).write(to: directory.appending(path: "pg_hba.conf"))
        try Data("include pg_hba.conf\nhost a b 9.9.9.9/32 trust\n".utf8).write(
            to: directory.appending(path: "other.conf"))
        let root = try HostRoot(directory.path)
        let host = ScanContext(root, deadline: Deadline(seconds: 20), log: ProblemLog())
        let claims = PostgreSQLAuthentication.read("/pg_hba.conf", root, host)
        #expect(claims.first?.value == expected)
        #expect(!claims.contains { $0.source.contains("canary") })
        #expect(PostgreSQLAuthentication.read("/none", root, host).isEmpty)
        // What nobody read says nothing.
        try Data((String(repeating: "#", count: 1 << 20) + "\nhost all all all trust\n").utf8).write(
            to: directory.appending(path: "long.conf"))
        #expect(PostgreSQLAuthentication.read("/long.conf", root, host).isEmpty)
    }
}

/// Hosts to test with.
enum Fixture {
    static func host(_ name: String) -> ScanContext {
        let here = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let root = try? HostRoot("/" + here + "/Fixtures/hosts/" + name) else {
            fatalError("no fixture host \(name)")
        }
        return ScanContext(root, deadline: Deadline(seconds: 60), log: ProblemLog())
    }
}
