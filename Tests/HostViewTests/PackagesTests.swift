import Foundation
import Testing

@testable import HostView

/// rpm's databases as real tools wrote them (Fixtures/rpm/build.py), whole and spoiled.
@Suite("Package databases")
struct PackagesTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/rpm")

    /// A host whose rpm database is `bytes`.
    private final class Host {
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        init(_ name: String, _ bytes: Data) throws {
            let directory = path.appending(path: "var/lib/rpm")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try bytes.write(to: directory.appending(path: name))
        }
        deinit { try? FileManager.default.removeItem(at: path) }

        func owner(of file: String) throws -> (package: Package?, failures: [HostError]) {
            let packages = Packages(
                try HostRoot(path.path), packageNames: ["mysql"], fileNames: ["mysqld"], deadline: Deadline(seconds: 20)
            )
            return (packages.owner(of: file, prefixes: ["mysql"]), packages.shortfalls)
        }
    }

    @Test("the owner of a file, in each of rpm's formats", arguments: ["rpmdb.sqlite", "Packages", "Packages.db"])
    func formats(name: String) throws {
        let host = try Host(name, Data(contentsOf: Self.fixtures.appending(path: name)))
        let (package, failures) = try host.owner(of: "/sbin/mysqld")
        #expect(failures.isEmpty)
        #expect(
            package
                == Package(
                    name: "mysql-community-server", version: "2:8.0.36-1.el9", manager: .rpm, vendor: "Oracle",
                    source: "/var/lib/rpm/\(name)"))
        #expect(try host.owner(of: "/usr/bin/mysqld").package == nil)
    }

    @Test("a spoiled database ends in an answer or a failure", arguments: ["rpmdb.sqlite", "Packages", "Packages.db"])
    func spoiled(name: String) throws {
        let sound = try Data(contentsOf: Self.fixtures.appending(path: name))
        for length in [0, 1, 16, 20, 24, 40, 100, 1000, sound.count / 2, sound.count - 1] {
            let (package, failures) = try Host(name, sound.prefix(length)).owner(of: "/usr/sbin/mysqld")
            #expect(package != nil || !failures.isEmpty, "cut to \(length)")
        }
        // Lengths, page numbers and types lie: nothing crashes, nothing goes on for ever.
        for start in stride(from: 0, to: min(sound.count, 2200), by: 4) {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var bytes = sound
                bytes[start] = value
                bytes[start + 1] = value
                _ = try Host(name, bytes).owner(of: "/usr/sbin/mysqld")
            }
        }
    }

    @Test("a header whose names would fill the memory, and texts that no package has, are left out")
    func bombs() throws {
        func header(name: String, version: String, directory: Int, files: Int) -> [UInt8] {
            func number(_ value: Int) -> [UInt8] {
                (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            }
            var values: [UInt8] = []
            var index: [UInt8] = []
            for (tag, type, count, bytes) in [
                (1000, 6, 1, Array(name.utf8) + [0]), (1001, 6, 1, Array(version.utf8) + [0]),
                (1116, 4, files, [UInt8](repeating: 0, count: 4 * files)),
                (1117, 8, files, (0..<files).flatMap { _ in Array("mysqld\0".utf8) }),
                (1118, 8, 1, [UInt8](repeating: 0x2F, count: directory) + [0]),
            ] {
                index += number(tag) + number(type) + number(values.count) + number(count)
                values += bytes
            }
            return number(5) + number(values.count) + index + values
        }
        let bomb = try #require(RpmHeader(header(name: "mysql-x", version: "1", directory: 1 << 20, files: 50_000)))
        #expect(bomb.files(named: ["mysqld"]).isEmpty)
        let many = try #require(RpmHeader(header(name: "mysql-x", version: "1", directory: 4000, files: 50_000)))
        #expect(many.files(named: ["mysqld"]).count == 1)
        let long = String(repeating: "9", count: 300)
        #expect(!Package(name: "a", version: long, manager: .apk, vendor: nil, source: "x").isPlausible)
        let text =
            "P:mysql\nV:\(long)\nF:usr\nR:mysqld\n\nP:mysql\nV:1\nF:\(String(repeating: "d", count: 5000))\nR:mysqld\nF:usr\nR:mysqld\n\n"
        let found = Apk.parse(Array(text.utf8), source: "x", packageNames: ["mysql"], fileNames: ["mysqld"])
        #expect(found.filter(\.package.isPlausible).map(\.files) == [["/usr/mysqld"]])
    }

    @Test("an SQLite database without rpm's table is no host without packages")
    func foreign() throws {
        var bytes = try Data(contentsOf: Self.fixtures.appending(path: "rpmdb.sqlite"))
        let name = try #require(bytes.range(of: Data("tablePackagesPackages".utf8)))
        bytes.replaceSubrange(name, with: Data("tablePickagesPickages".utf8))
        #expect(try Host("rpmdb.sqlite", bytes).owner(of: "/usr/sbin/mysqld").failures.first?.reason == .malformed)
    }

    @Test("chains and trees that lead back to themselves end")
    func loops() throws {
        var berkeley = try Data(contentsOf: Self.fixtures.appending(path: "Packages"))
        // Every overflow page (type 7) names itself as the next.
        for page in stride(from: 0, to: berkeley.count, by: 4096) where berkeley[page + 25] == 7 {
            withUnsafeBytes(of: UInt32(page / 4096).littleEndian) {
                berkeley.replaceSubrange(page + 16..<page + 20, with: $0)
            }
        }
        let (package, failures) = try Host("Packages", berkeley).owner(of: "/usr/sbin/mysqld")
        #expect(package != nil || !failures.isEmpty)

        var sqlite = try Data(contentsOf: Self.fixtures.appending(path: "rpmdb.sqlite"))
        let page = 1024
        // The second page, the table's root, becomes an interior page whose only child is itself.
        sqlite.replaceSubrange(page..<page + 12, with: [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        #expect(try Host("rpmdb.sqlite", sqlite).owner(of: "/usr/sbin/mysqld").failures.first?.reason == .malformed)
    }

    @Test("apk's paragraphs: the file's directory stands above it")
    func apk() {
        let text = """
            C:Q1abc=
            P:postgresql16
            V:16.3-r0
            F:usr/libexec/postgresql16
            R:initdb
            R:postgres
            a:0:0:755
            F:etc

            P:musl
            V:1.2.5-r0
            F:lib
            R:postgres

            P:postgresql-without-version
            F:usr/bin
            R:postgres
            """
        let found = Apk.parse(
            Array(text.utf8), source: "/lib/apk/db/installed", packageNames: ["postgresql"], fileNames: ["postgres"])
        #expect(found.map(\.package.name) == ["postgresql16"])
        #expect(found.first?.package.version == "16.3-r0")
        #expect(found.first?.files == ["/usr/libexec/postgresql16/postgres"])
    }
}
