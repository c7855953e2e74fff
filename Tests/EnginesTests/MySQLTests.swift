import HostView
import Report
import Testing

@testable import Engines

@Suite("MySQL and MariaDB")
struct MySQLTests {
    @Test("option files: groups, quotes, comments, bare options, includes")
    func optionFiles() {
        let text =
            "# c\n; c\n[mysqld]\nport = 3307 # here\nsocket=\"/a b#c\"\n skip-networking \ndatadir='/x'\r\npassword = a#b\n"
            + "!include other.cnf\n!includedir conf.d\n[ MariaDB ]\nmax-connections=5\n[broken\n=\n"
        #expect(
            OptionFiles.parse(text) == [
                .option(group: "mysqld", name: "port", value: "3307"),
                .option(group: "mysqld", name: "socket", value: "/a b#c"),
                .option(group: "mysqld", name: "skip-networking", value: ""),
                .option(group: "mysqld", name: "datadir", value: "/x"),
                .option(group: "mysqld", name: "password", value: "a"), .include("other.cnf"),
                .includeDirectory("conf.d"),
                .option(group: "mariadb", name: "max-connections", value: "5"),
                .option(group: "broken", name: "", value: ""),
            ])
    }

    @Test("a binary log's first event names the server that wrote it")
    func binaryLog() {
        var bytes: [UInt8] = [0xFE, 0x62, 0x69, 0x6E, 0, 0, 0, 0, 15] + [UInt8](repeating: 0, count: 16)
        bytes += Array("10.11.19-MariaDB-log".utf8)
        bytes += [UInt8](repeating: 0, count: 75 - bytes.count)
        let claim = MySQLDirectory.formatDescription(bytes, source: "x")
        #expect(
            claim?.number == "10.11.19" && claim?.text == "10.11.19-MariaDB-log" && claim?.cut(to: 2).number == "10.11")
        #expect(MySQLDirectory.formatDescription(Array(bytes.dropLast()), source: "x") == nil)
        bytes[8] = 2
        #expect(MySQLDirectory.formatDescription(bytes, source: "x") == nil)
        bytes[0] = 0xFD
        #expect(MySQLDirectory.formatDescription(bytes, source: "x") == nil, "encrypted")
    }

    @Test(
        "versions compare by their numbers",
        arguments: [("8.0.36", "8.0.4", false), ("5.7", "8.0", true), ("10.11.2", "10.11.10", true)])
    func versions(one: String, other: String, less: Bool) throws {
        let (first, second) = (try #require(Version(one)), try #require(Version(other)))
        #expect((first < second) == less)
        #expect(Version("x") == nil && Version("") == nil && Version("8.0.36", parts: 2) == Version("8.0"))
    }

    @Test(
        "groups that the server reads",
        arguments: [
            ("mysqld", true), ("server", true), ("mysqld-8.0", true), ("client", false), ("mysqld_safe", false),
            ("mariadb", false), ("mysqld-x", false),
        ])
    func groups(group: String, reads: Bool) {
        #expect((MySQLFamily.mySQL.reads(group: group, suffix: "") != nil) == reads)
    }

    @Test("skip- and disable- turn an option off, unless it is one of its own")
    func skipped() {
        #expect(MySQLOptions.plain("skip-log-bin", "").value == MySQLOptions.turnedOff)
        #expect(MySQLOptions.plain("log-bin", "OFF").value == "OFF", "a log of that name")
        #expect(MySQLOptions.plain("skip-ssl", "") == ("ssl", "off"))
        #expect(MySQLOptions.plain("disable_log_bin", "") == ("log_bin", MySQLOptions.turnedOff))
        #expect(MySQLOptions.plain("skip-grant-tables", "") == ("skip_grant_tables", ""))
    }

    @Test("hyphens are underscores, loose- is nothing, -P is the port and -p never is")
    func names() {
        #expect(MySQLOptions.canonical("Bind-Address") == "bind_address")
        #expect(MySQLOptions.canonical("loose-mysqlx-port") == "mysqlx_port")
        #expect(MySQLOptions.canonical("P") == "port" && MySQLOptions.canonical("p") == "p")
    }

    @Test("arguments are read through an allow-list")
    func arguments() {
        let words = [
            "mysqld", "--port=1", "--password", "secret", "--datadir", "/d", "--init-file=/secret", "-pX", "stray",
            "--port", "2",
        ]
        let arguments = Arguments(words, allowed: MySQLOptions.allowed, canonical: MySQLOptions.canonical)
        #expect(arguments.reported == ["mysqld", "--port=1", "--datadir", "/d", "--port", "2"])
        #expect(arguments.values == ["port": "2", "datadir": "/d"])
        let titled = Arguments(
            ["mysqld --password=secret"], allowed: MySQLOptions.allowed, canonical: MySQLOptions.canonical)
        #expect(titled.reported == ["mysqld"])
    }

    @Test("redo creator and dictionary page, and what is neither")
    func versions() {
        func creator(_ text: String) -> String? { MySQLDirectory.creator(Array(text.utf8), source: "x")?.number }
        #expect(creator("MySQL 8.0.36\0\0\0") == "8.0.36")
        #expect(creator("MariaDB 10.11.19\0") == "10.11.19")
        #expect(creator("xtrabkup 251120") == nil)
        #expect(creator("MySQL \u{1B}") == nil)
        #expect(MySQLDirectory.serverVersion([0, 1, 0x62, 0x50], source: "x")?.number == "9.7.4")
        #expect(MySQLDirectory.serverVersion([0xFF, 0xFF, 0xFF, 0xFF], source: "x") == nil)
        #expect(MySQLDirectory.serverVersion([0, 0, 0, 0], source: "x") == nil)
    }

    @Test(
        "a version claim is the leading number, an epoch skipped",
        arguments: [
            ("1:10.11.19-0+deb12u1", "10.11.19"), ("8.0.36-0ubuntu0.22.04.1", "8.0.36"),
            ("10.11.19-MariaDB-log", "10.11.19"),
            ("15", "15"), ("x", nil), ("", nil), (".1", nil), ("1..2", "1.2"), ("10.11.01", "10.11.1"),
            ("99999999999999999999.1", nil),
        ])
    func claims(text: String, number: String?) {
        #expect(VersionClaim(text, parts: 3, source: "x")?.number == number)
    }
}
