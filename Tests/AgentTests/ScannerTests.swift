import Engines
import Foundation
import HostView
import Report
import Synchronization
import Testing

@testable import Agent

@Suite("Scanner")
struct ScannerTests {
    @Test("a read that never returns does not keep the report")
    func hang() throws {
        let work = ScanWork(options: ScanOptions(), root: try HostRoot("/"), deadline: Deadline(seconds: 1))
        let finished = work.run(within: 0.2) { work in
            work.progress.withLock { $0.processesSeen = 7 }
            sleep(3600)
        }
        #expect(!finished)
        #expect(work.progress.withLock { $0.processesSeen } == 7)
    }

    @Test("work that returns is waited for")
    func returns() throws {
        let work = ScanWork(options: ScanOptions(), root: try HostRoot("/"), deadline: Deadline(seconds: 60))
        #expect(work.run(within: 60) { $0.progress.withLock { $0.processesSeen = 1 } })
    }

    @Test("a tiny deadline still gives a report of the schema, marked partial")
    func tinyDeadline() throws {
        var options = ScanOptions()
        options.deadline = 0.000_001
        let report = try Scanner(options).run()
        #expect(report.scan.status == .partial)
        #expect(report.scan.problems.contains { $0.code == "deadline" })
        #expect(report.scan.engines.map(\.id) == EngineRegistry.established.map(\.id))
        #expect(report.scan.engines.allSatisfy { $0.outcome == .notRun })
        #expect(try Report.decode(json: try report.json(.pretty)) == report)
    }

    @Test(
        "a clock that was never set gives a report all the same",
        arguments: [0, -86_400, 1_000_000_000_000])
    func clock(seconds: Double) throws {
        var options = ScanOptions()
        options.root =
            URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../EnginesTests/Fixtures/hosts/debian-mysql"
            ).path
        options.isRecorded = true
        options.now = { Date(timeIntervalSince1970: seconds) }
        let report = try Scanner(options).run()
        #expect(report.databases.contains { $0.state == .running && $0.version == "8.0.36" })
        if seconds == 0 {
            #expect(String(decoding: try report.json(.minified), as: UTF8.self).contains("1970-01-01T00:00:00.000Z"))
        }
        let frame = try Frame.encode(report)
        #expect(try Report.decode(json: Packed.decompress(Frame.find(in: frame)[0].packed.get())) == report)
    }

    @Test("an engine filter looks for that engine alone, and a partial report says so")
    func filter() throws {
        let report = try GoldenTests.scan("stopped", engines: ["mongodb"])
        #expect(Set(report.databases.map(\.engine)) == ["mongodb"])
        #expect(report.scan.status == .partial)
        #expect(report.scan.problems.contains { $0.code == "engine_filter" })
        #expect(report.scan.engines.map(\.id) == ["mongodb"])
        #expect(report.scan.engines.map(\.outcome) == [.complete])
    }

    @Test("an engine whose files could not all be read is partial, the others are complete")
    func partialEngine() throws {
        let engines = try GoldenTests.scan("pending").scan.engines
        #expect(engines.filter { $0.outcome == .partial }.map(\.id) == ["postgresql"])
    }

    @Test("a root that is not there is an error")
    func noRoot() {
        var options = ScanOptions()
        options.root = "/does/not/exist"
        #expect(throws: HostError.self) { try Scanner(options).run() }
    }

    @Test(
        "spans of time on the command line",
        arguments: [
            ("30s", 30), ("500ms", 0.5), ("2m", 120), ("7", 7), ("0", nil), ("-1s", nil), ("x", nil), ("2h", nil),
            ("1e9", nil), ("nan", nil),
        ]
            as [(String, Double?)])
    func spans(text: String, seconds: Double?) { #expect(Seconds(argument: text)?.value == seconds) }

    @Test("the table fits 80 columns and holds no control character", arguments: GoldenTests.scenarios)
    func table(scenario: String) throws {
        let table = ReportTable(try GoldenTests.scan(scenario), width: 80)
        let lines = table.text(explained: true).split(separator: "\n") + table.problems().map { $0[...] }
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
        #expect(
            lines.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } })
    }

    @Test("an explained table names the source of every value")
    func explained() throws {
        let report = try GoldenTests.scan("debian-mariadb")
        let text = ReportTable(report, width: 400).text(explained: true)
        for evidence in report.databases.flatMap(\.evidence) {
            #expect(text.contains("\(evidence.field) = \(evidence.value) ← \(evidence.source)"))
        }
        let engines = EngineRegistry.established.map { "  \($0.id) = complete ← 0 ms\n" }
        #expect(text.hasSuffix("engines\n" + engines.joined()))
        #expect(!ReportTable(report, width: 400).text(explained: false).contains("←"))
    }

    @Test("engines in preview are looked for only when they are asked for")
    func preview() throws {
        func engines(_ also: Set<String>) throws -> (asked: [String], found: Set<String>) {
            var options = ScanOptions()
            options.root = GoldenTests.hosts.appending(path: "redis-forks").path
            options.isRecorded = true
            options.measuresSizes = false
            options.also = also
            let report = try Scanner(options).run()
            return (report.scan.engines.map(\.id), Set(report.databases.map(\.engine)))
        }
        let established = EngineRegistry.established.map(\.id)
        #expect(try engines([]) == (established, []))
        #expect(try engines(["keydb"]) == (established + ["keydb"], ["keydb"]))
        #expect(try engines(Set(EngineRegistry.preview.map(\.id))).found == ["valkey", "keydb"])
    }

    @Test("decode takes a frame among other lines, gzip and JSON, and one report only")
    func decode() throws {
        let report = try GoldenTests.scan("two-instances")
        let json = try report.json(.minified)
        let frame = try Frame.encode(report)
        for bytes in [json, try Gzip.compress(json), frame, Array("log\n".utf8) + frame + Array("more\n".utf8)] {
            #expect(try DecodeCommand.report(in: bytes) == report)
        }
        for bytes in [[], Array("hello".utf8), frame + frame, Array(frame.dropLast(40)), try Gzip.compress(json) + [1]]
        {
            #expect(throws: ReportError.self) { try DecodeCommand.report(in: bytes) }
        }
    }
}
