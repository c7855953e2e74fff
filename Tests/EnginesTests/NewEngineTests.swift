import Foundation
import HostView
import Report
import Testing

@testable import Engines

/// What it takes to add an engine: a profile. Nothing of the framework knows this one.
private struct ExampleDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "exampledb",
        title: "ExampleDB",
        executableNames: ["exampled"],
        programs: ["exampled"],
        dataDirectoryPatterns: ["/var/lib/exampledb"],
        versionMarks: [.after("\0ExampleDB ")],
        options: [
            EngineOption("storage.path", .file, arguments: ["data"]),
            EngineOption("port", .port, setting: "port", byDefault: "7777"), EngineOption("password", .presence),
        ],
        configuration: ConfigurationProfile(
            format: .sections, defaultFiles: ["/etc/exampledb.conf"], arguments: ["config"]),
        directory: DirectoryProfile(options: ["storage.path"], marks: [["EXAMPLE"]]),
        ports: [PortProfile(7777, "client", setting: "port")])
}

@Suite("A new engine")
struct NewEngineTests {
    @Test("is a profile: running and stopped servers are found, with version, settings and data")
    func profile() throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())")
        defer { try? FileManager.default.removeItem(at: place) }
        func write(_ path: String, _ text: String) throws {
            let file = place.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        func link(_ path: String, _ target: String) throws {
            let file = place.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
        }
        try write("srv/example/EXAMPLE", "")
        try write("var/lib/exampledb/EXAMPLE", "")
        try write("etc/example.conf", "port = 7001\npassword = canary\n[storage]\npath = /srv/example\n")
        try write("proc/stat", "btime 1790000000\n")
        try write("proc/50/cmdline", "exampled\0--config=/etc/example.conf\0--password\0canary\0")
        try write("proc/50/stat", "50 (exampled) S 1 50 50 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4200 1 1 1\n")
        try write("proc/50/status", "Name:\texampled\nUid:\t0\t0\t0\t0\n")
        try write("proc/50/environ", "")
        try write("proc/50/net/tcp", "  sl  local_address\n   0: 0100007F:1B59 00000000:0000 0A 0:0 0:0 0 0 0 4242 1\n")
        for name in ["tcp6", "unix"] { try write("proc/50/net/\(name)", "header\n") }
        try link("proc/50/exe", "/usr/bin/exampled")
        for (name, target) in [
            ("cwd", "/"), ("root", "/"), ("ns/net", "net:[1]"), ("ns/mnt", "mnt:[1]"), ("fd/3", "socket:[4242]"),
        ] {
            try link("proc/50/\(name)", target)
        }
        // An executable with a version among its strings.
        try FileManager.default.createDirectory(at: place.appending(path: "usr/bin"), withIntermediateDirectories: true)
        try Data(Self.program("ExampleDB 3.2.1")).write(to: place.appending(path: "usr/bin/exampled"))

        let log = ProblemLog()
        let host = ScanContext(
            try HostRoot(place.path), deadline: Deadline(seconds: 20), log: log, engines: [ExampleDB()],
            isRecorded: true)
        let inspector = Inspector(host)
        var found: [Report.Database] = []
        inspector.run(try inspector.findCandidates().servers) { found.append($0.database) }
        let running = try #require(found.first { $0.state == .running })
        #expect(running.key == "exampledb:/srv/example" && running.version == "3.2.1")
        #expect(running.settings["port"] == "7001" && running.listeners.first?.purpose == "client")
        #expect(running.configFiles == ["/etc/example.conf"])
        #expect(found.contains { $0.state == .stopped && $0.key == "exampledb:/var/lib/exampledb" })
        #expect(!"\(found) \(log.problems)".contains("canary"))
    }

    /// An ELF file without sections, all of whose bytes are loaded unwritable.
    private static func program(_ text: String) -> [UInt8] {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let strings = [0] + Array(text.utf8) + [0]
        let header: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + number(3, 2) + number(62, 2)
            + number(1, 4)
            + number(0, 8) + number(64, 8) + number(0, 8) + number(0, 4) + number(64, 2) + number(56, 2) + number(1, 2)
            + number(64, 2) + number(0, 2) + number(0, 2)
        let segment =
            number(1, 4) + number(4, 4) + number(120, 8) + number(0, 16) + number(strings.count, 8)
            + number(strings.count, 8) + number(1, 8)
        return header + segment + strings
    }
}
