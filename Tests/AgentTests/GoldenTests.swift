import Engines
import Foundation
import Report
import Testing

@testable import Agent

/// Fixture hosts and the reports that they must give, byte for byte.
@Suite("Golden reports")
struct GoldenTests {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let hosts = tests.appending(path: "EnginesTests/Fixtures/hosts")
    static let golden = tests.appending(path: "AgentTests/Golden")
    static let scenarios = ((try? FileManager.default.contentsOfDirectory(atPath: hosts.path)) ?? []).sorted()
    static let records = ProcessInfo.processInfo.environment["DBCENSUS_RECORD_GOLDEN"] != nil

    /// Hosts with engines in preview, which are asked for.
    static let previews = ["redis", "memcached", "etcd", "caches", "time-series", "distributed", "other", "java"]

    static func scan(_ scenario: String, engines: Set<String> = []) throws -> Report {
        var options = ScanOptions()
        options.root = hosts.appending(path: scenario).path
        options.isRecorded = true
        options.measuresSizes = false
        options.engines = engines
        if previews.contains(where: scenario.contains) { options.also = Set(EngineRegistry.preview.map(\.id)) }
        options.now = { Date(timeIntervalSince1970: 1_795_000_000) }
        options.privileged = scenario != "hidepid"
        var report = try Scanner(options).run()
        report.scan.durationMs = 0
        for index in report.scan.engines.indices { report.scan.engines[index].durationMs = 0 }
        report.agent.architecture = "any"
        return report
    }

    @Test("a fixture host gives its golden report", arguments: scenarios)
    func golden(scenario: String) throws {
        let actual = String(decoding: try Self.scan(scenario).json(.pretty), as: UTF8.self) + "\n"
        let file = Self.golden.appending(path: scenario + ".json")
        if Self.records {
            try actual.write(to: file, atomically: true, encoding: .utf8)
            Issue.record("recorded \(scenario): look at the difference, then run the tests without recording")
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        if actual != expected {
            let difference = zip(actual.split(separator: "\n"), expected.split(separator: "\n")).first { $0 != $1 }
            Issue.record(
                "\(scenario): is \(difference?.0 ?? "longer"), golden has \(difference?.1 ?? "less"); `make golden` records"
            )
        }
    }

    @Test("no canary password of a fixture host is in any report", arguments: scenarios)
    func noSecrets(scenario: String) throws {
        let text = String(decoding: try Self.scan(scenario).json(.minified), as: UTF8.self)
        #expect(!text.contains("canary"))
    }

    @Test(
        "every engine has a fixture host with a running, a stopped and an installed one",
        arguments: EngineRegistry.all.map(\.id))
    func everyEngine(id: String) throws {
        let states = Set(
            try Self.scenarios.flatMap { try Self.scan($0).databases }.filter { $0.engine == id }.map(\.state))
        let engine = try #require(EngineRegistry.all.first { $0.id == id })
        // What keeps everything in memory leaves nothing behind.
        let leavesData = !engine.profile.dataDirectoryPatterns.isEmpty
        let expected = Report.Database.State.allCases.filter { leavesData || $0 != .stopped }
        #expect(states == Set(expected), "\(id) lacks a fixture host in some state")
    }

    @Test("every version, and what is read of it, names its source", arguments: scenarios)
    func everyValueHasASource(scenario: String) throws {
        for database in try Self.scan(scenario).databases {
            let fields = Set(database.evidence.map(\.field))
            #expect(database.version == nil || fields.contains("version"))
            #expect(database.role == nil || fields.contains("role"))
            #expect(database.vendor == nil || fields.contains("vendor"))
            #expect(database.package == nil || fields.contains("package"))
            #expect(database.listeners.isEmpty || fields.contains("listeners"))
            #expect(database.unixSockets.isEmpty || fields.contains("unix_sockets"))
            #expect(
                database.dataDirectories.isEmpty || fields.contains("data_directories") || database.state == .stopped)
            for name in database.settings.keys { #expect(fields.contains("settings." + name)) }
            for name in database.identity.keys { #expect(fields.contains("identity." + name)) }
        }
    }
}
