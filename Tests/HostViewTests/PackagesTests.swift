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
            return (packages.owner(of: file, prefixes: ["mysql"]), packages.failures)
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
        for length in [0, 1, 40, 100, 1000, sound.count / 2, sound.count - 1] {
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
        #expect(try Host("rpmdb.sqlite", sqlite).owner(of: "/usr/sbin/mysqld").failures.first?.errno == .malformed)
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
