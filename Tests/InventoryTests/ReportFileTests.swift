import Foundation
import Report
import Testing

@testable import Inventory

@Suite("Report files")
struct ReportFileTests {
    private func report(_ number: Int) -> Report {
        var host = Report.Host()
        host.machineID = String(repeating: "\(number % 10)", count: 32)
        let scan = Report.Scan(
            startedAt: Date(timeIntervalSince1970: 1_790_000_000), durationMs: number, status: .complete,
            privileged: true,
            sandbox: .init(seccomp: false, landlock: false), processesSeen: 1, problems: [])
        return Report(agent: .init(version: "0.1.0", architecture: "x86_64"), host: host, scan: scan, databases: [])
    }

    private func found(_ bytes: [UInt8]) -> [String] {
        ReportFile.entries(in: bytes).map { entry in
            switch entry.report {
            case .success(let report): return "\(entry.offset) \(report.scan.durationMs)"
            case .failure(let error): return "\(entry.offset) \(error.code.rawValue)"
            }
        }
    }

    @Test("frames between log lines, gzip members in a row, JSON texts in a row")
    func many() throws {
        let frames = try Frame.encode(report(1)) + Array("[2026-11-21] log\n".utf8) + (try Frame.encode(report(2)))
        let second = frames.count - (try Frame.encode(report(2)).count)
        #expect(found(Array("[x] noise\n".utf8) + frames) == ["10 1", "\(second + 10) 2"])
        let first = try Gzip.compress(try report(1).json(.minified))
        #expect(found(first + (try Gzip.compress(try report(2).json(.pretty)))) == ["0 1", "\(first.count) 2"])
        let json = try report(1).json(.minified)
        #expect(found(json + [10] + (try report(2).json(.pretty)) + [10, 10]) == ["0 1", "\(json.count + 1) 2"])
        #expect(found(try Gzip.compress(frames)) == ["0 1", "0 2"])
    }

    @Test("what aws ssm printed: one invocation or a list of them, a cut one among them")
    func ssm() throws {
        let frame = String(decoding: try Frame.encode(report(1)), as: UTF8.self)
        let one = try JSONSerialization.data(withJSONObject: [
            "InstanceId": "i-1", "StandardOutputContent": "noise\n" + frame,
        ])
        #expect(found(Array(one)) == ["0 1"])
        let cut = String(frame.prefix(200)) + "\n---Output truncated---"
        let list = try JSONSerialization.data(withJSONObject: [
            "CommandInvocations": [
                ["InstanceId": "i-1", "CommandPlugins": [["Output": frame]]],
                ["InstanceId": "i-2", "CommandPlugins": [["Output": cut]]],
            ]
        ])
        #expect(found(Array(list)) == ["0 1", "0 truncated"])
        let places = ReportFile.entries(in: Array(list)).map(\.path)
        #expect(
            places == [
                "CommandInvocations.0 (i-1).CommandPlugins.0.Output",
                "CommandInvocations.1 (i-2).CommandPlugins.0.Output",
            ])
        let both = Array(list) + Array("\n".utf8) + (try Frame.encode(report(2)))
        #expect(found(both) == ["0 1", "0 truncated", "\(list.count + 1) 2"])
    }

    @Test("reports as JSON and as frames in one file are all found")
    func mixed() throws {
        let json = try report(1).json(.pretty)
        let bytes = json + Array("\n".utf8) + (try Frame.encode(report(2))) + json
        let second = json.count + 1
        #expect(found(bytes) == ["0 1", "\(second) 2", "\(bytes.count - json.count) 1"])
    }

    @Test("a JSON text that was cut costs itself alone", arguments: [5, 60, 200])
    func cutJSON(length: Int) throws {
        let json = try report(1).json(.minified)
        let pretty = try report(2).json(.pretty)
        let bytes = json + [10] + json.prefix(length) + [10] + pretty + [10] + json + [10]
        let second = json.count + 1
        let third = second + length + 1
        #expect(found(bytes) == ["0 1", "\(second) bad_json", "\(third) 2", "\(third + pretty.count + 1) 1"])
    }

    @Test("a gzipped log may be larger than a report; a bomb may not")
    func largeGzip() throws {
        var state: UInt64 = 7
        let noise = (0..<(5 << 20)).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(ascii: "a") + UInt8(truncatingIfNeeded: (state >> 33) % 26)
        }
        let log = noise + Array("\n".utf8) + (try Frame.encode(report(3)))
        #expect(found(try Gzip.compress(log)) == ["0 3"])
        let bomb = try Gzip.compress([UInt8](repeating: 32, count: (1 << 20) + 1))
        guard case .failure(let error) = ReportFile.entries(in: bomb, limit: 1 << 20)[0].json else {
            throw ReportError(.invalid, "the bomb was read")
        }
        #expect(error.code == .inflatedTooLarge)
    }

    @Test("a hundred thousand beginnings without an end are read in a moment")
    func manyBeginnings() {
        let line = "-----BEGIN DBCENSUS REPORT 1 5 00000000-----\n"
        let entries = ReportFile.entries(in: Array(String(repeating: line, count: 100_000).utf8))
        #expect(entries.count == 100_000)
    }

    @Test("bad input has its byte and its reason; the good beside it is kept")
    func bad() throws {
        let json = try report(1).json(.minified)
        let frame = try Frame.encode(report(2))
        #expect(found([]) == ["0 no_report"])
        #expect(found(Array("hello".utf8)) == ["0 no_report"])
        #expect(found(Array("{}".utf8)) == ["0 no_report"])
        #expect(found(Array("{\"schema\":\"dbcensus.report/9\"}".utf8)) == ["0 unknown_schema"])
        #expect(
            found(json + Array("\n{\"databases\":1}\n".utf8) + json) == [
                "0 1", "\(json.count + 1) bad_json", "\(json.count + 17) 1",
            ])
        #expect(found(json + Array("\ngarbage\n".utf8)) == ["0 1", "\(json.count + 1) bad_json"])
        #expect(found(Array(frame.prefix(120)) + [10] + frame) == ["0 truncated", "121 2"])
        let packed = try Gzip.compress(json)
        #expect(found(Array(packed.dropLast(3))) == ["0 truncated"])
        #expect(found(packed + Array("tail".utf8)) == ["0 1", "\(packed.count) trailing_bytes"])
    }

    @Test("any bytes end in an entry, never in a crash")
    func noise() throws {
        var state: UInt64 = 42
        let samples = [
            try Frame.encode(report(1)), try report(1).json(.pretty), try Gzip.compress(try report(1).json(.minified)),
        ]
        for round in 0..<600 {
            var bytes = samples[round % 3]
            for _ in 0..<(1 + round % 5) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % bytes.count
                if round % 2 == 0 {
                    bytes[place] = UInt8(truncatingIfNeeded: state >> 20)
                } else {
                    bytes = Array(bytes[..<max(1, place)])
                }
            }
            #expect(!ReportFile.entries(in: bytes).isEmpty)
        }
    }
}
