import Foundation
import Testing

@testable import HostView

@Suite("systemd units")
struct ServiceUnitTests {
    /// A host with the given files.
    private final class Host {
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let file = path.appending(path: name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }
        deinit { try? FileManager.default.removeItem(at: path) }
        func units(_ names: [String] = []) throws -> [ServiceUnit] {
            ServiceUnit.all(try HostRoot(path.path), names: names).value
        }
    }

    @Test("words, quotes, variables, continued lines and prefixes of ExecStart")
    func commands() throws {
        let host = try Host([
            "etc/systemd/system/db.service": """
            [Unit]
            ExecStart=/not/this
            [Service]
            # ExecStart=/nor this
            Environment="DATA=/srv/my data" OTHER='x y' PLAIN=z
            ExecStart=/first
            ExecStart=
            ExecStart=-!/usr/sbin/mysqld --datadir=${DATA} \\
                $OTHER "a \\"b" $UNKNOWN 100%%
            """
        ])
        let unit = try #require(try host.units().first)
        #expect(unit.name == "db.service")
        #expect(unit.commands == [["/usr/sbin/mysqld", "--datadir=/srv/my data", "x", "y", "a \"b", "100%"]])
    }

    @Test(
        "a unit of the administrator's wins, drop-ins change it, an instance puts its name in, a package's other units are not read"
    )
    func places() throws {
        let host = try Host([
            "usr/lib/systemd/system/mysqld@.service":
                "[Service]\nEnvironmentFile=-/etc/default/%i\nExecStart=/usr/sbin/mysqld --datadir=/srv/%i $MORE\n",
            "etc/default/blue": "MORE='--port=1'\n# MORE=x\n",
            "etc/systemd/system/multi-user.target.wants/mysqld@blue.service": "",
            "etc/systemd/system/multi-user.target.wants/ssh@x.service": "",
            "usr/lib/systemd/system/postgresql.service": "[Service]\nExecStart=/usr/bin/postgres -D /vendor\n",
            "etc/systemd/system/postgresql.service": "[Service]\nExecStart=/usr/bin/postgres -D ${PGDATA}\n",
            "etc/systemd/system/postgresql.service.d/a.conf": "[Service]\nEnvironment=PGDATA=/srv/pg\n",
            "usr/lib/systemd/system/orders.service": "[Service]\nExecStart=/usr/sbin/mysqld\n",
        ])
        #expect(
            try host.units(["mysql", "postgresql"]).map(\.commands) == [
                [["/usr/bin/postgres", "-D", "/srv/pg"]], [["/usr/sbin/mysqld", "--datadir=/srv/blue", "--port=1"]],
            ])
    }

    @Test(
        "strange units end in commands or in none",
        arguments: [
            "", "[Service", "[Service]\nExecStart", "[Service]\nExecStart=\"", "[Service]\nExecStart=${",
            "[Service]\nExecStart=$",
            "[Service]\nExecStart=%", "[Service]\nEnvironment\nExecStart=\\",
            "[Service]\nEnvironmentFile=/dev/zero\nExecStart=x",
        ])
    func strange(text: String) throws {
        let units = try Host(["etc/systemd/system/x.service": text]).units()
        #expect(units.count == 1 && units.allSatisfy { unit in unit.commands.allSatisfy { !$0.isEmpty } })
    }
}

@Suite("ELF")
struct ELFTests {
    private func readOnlyData(_ bytes: [UInt8]) throws -> [ELF.Part] {
        let file = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try ELF.readOnlyData(try HostRoot("/").open(file.path))
    }

    @Test("the read-only data of this very program holds its strings, as readelf places it")
    func own() throws {
        let path = try #require(CommandLine.arguments.first)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/readelf")
        process.arguments = ["-SW", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.contains(" .rodata ") })
        let words = line.split(separator: " ")
        let name = try #require(words.firstIndex(of: ".rodata"))
        let parts = try ELF.readOnlyData(try HostRoot("/").open(path))
        #expect(parts.map(\.offset) == [Int64(words[name + 3], radix: 16)])
        #expect(parts.map(\.size) == [Int64(words[name + 4], radix: 16)])
    }

    @Test("headers that lie give nothing, or a part inside the file")
    func lies() throws {
        var sound: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1] + [UInt8](repeating: 0, count: 58)
        #expect(try readOnlyData(sound).isEmpty)
        #expect(try readOnlyData([0x7F, 0x45, 0x4C, 0x46]).isEmpty)
        for index in 6..<64 {
            for value in [UInt8(1), 0x7F, 0xFF] {
                var bytes = sound
                bytes[index] = value
                #expect(try readOnlyData(bytes).allSatisfy { $0.offset + $0.size <= 64 })
            }
        }
        // Section and program headers everywhere, each with the largest offsets.
        sound.replaceSubrange(32..<48, with: [64, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0])
        sound.replaceSubrange(54..<64, with: [56, 0, 255, 255, 64, 0, 255, 255, 0, 0])
        for filler in [UInt8(0), 1, 0x7F, 0xFF] {
            let bytes = sound + [UInt8](repeating: filler, count: 4096)
            #expect(try readOnlyData(bytes).allSatisfy { $0.offset >= 0 && $0.offset + $0.size <= Int64(bytes.count) })
        }
    }
}

@Suite("JSON")
struct JSONDocumentTests {
    @Test("values by their paths, and what is not there")
    func paths() throws {
        let document = try #require(
            JSONDocument(Array(#"{"a": {"b": [1, {"c": "x"}, null], "n": null, "i": 7}, "": "empty"}"#.utf8)))
        #expect(document.integer("a", "i") == 7 && document.string("a", "i") == nil && document["a", "n"] == nil)
        #expect(document["a", "b"]?.elements().count == 3)
        #expect(document["a", "b"]?.elements()[1].string("c") == "x")
        #expect(document["a"]?.keys == ["b", "i", "n"])
        #expect(document.string("a", "b", "c") == nil && document.string("") == "empty")
        #expect(document["a", "i"]?.keys == [] && document["a", "i"]?.elements().isEmpty == true)
    }

    @Test("what is no JSON, or too deep", arguments: ["", "{", "[1,", "\u{0}", String(repeating: "[", count: 100_000)])
    func malformed(text: String) { #expect(JSONDocument(Array(text.utf8)) == nil) }
}

@Suite("Network namespaces")
struct SocketTableTests {
    @Test("one namespace is read once, however many live in it")
    func once() throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "EnginesTests/Fixtures/hosts/kubernetes")
        let copy = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        try FileManager.default.copyItem(at: source, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let table = SocketTable(ProcFS(try HostRoot(copy.path), isRecorded: true))
        let first = table.namespace(of: 2001).value
        #expect(first.isSeparate && !first.isIsolated && first.tcp.values.map(\.port).sorted() == [3306, 3307])
        try FileManager.default.removeItem(at: copy.appending(path: "proc/net-of-4026533000"))
        #expect(table.namespace(of: 2002).value.tcp == first.tcp)
        #expect(!table.namespace(of: 1).value.isSeparate)
    }
}
