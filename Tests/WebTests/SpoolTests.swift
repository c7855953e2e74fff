import Foundation
import Inventory
import Testing

@testable import Web

@Suite("Spool") struct SpoolTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID())").path

    private func report(_ number: Int, sender: String = "a", bytes: Int = 10) throws -> SpooledReport {
        let refusal = Refusal(.invalid, "")
        let packed = Array("\(number) ".utf8) + [UInt8](repeating: 1, count: bytes)
        return try #require(
            SpooledReport(
                IncomingReport(refused: refusal, packed: packed), sender: sender,
                at: "2026-11-30T00:00:0\(number % 10)Z"))
    }

    private func numbers(_ lines: [[UInt8]]) -> [String] {
        lines.map { line in
            let body = SpooledReport(line: line).map { String(decoding: $0.body, as: UTF8.self) }
            return String(body?.prefix { $0 != " " } ?? "damaged")
        }
    }

    @Test("reports come back in their order, also after the program began again")
    func order() throws {
        var spool: Spool? = try Spool(path: path, limit: 1 << 20)
        try spool?.append([report(1), report(2)])
        try spool?.append([report(3)])
        #expect(spool?.depth.reports == 3 && spool?.depth.oldest == "2026-11-30T00:00:01Z")
        let depth = spool?.depth
        spool = nil
        let again = try Spool(path: path, limit: 1 << 20)
        #expect(again.depth == depth)
        try again.append([report(4)])
        let first = try #require(try again.first())
        #expect(numbers(first.lines) == ["1", "2", "3"])
        try again.remove(first.number)
        let second = try #require(try again.first())
        // What comes while a file is delivered goes into the next one.
        try again.append([report(5)])
        #expect(numbers(second.lines) == ["4"])
        try again.remove(second.number)
        #expect(numbers(try #require(try again.first()).lines) == ["5"])
        #expect(again.depth.reports == 1)
    }

    @Test("a line without an end was never acknowledged")
    func torn() throws {
        try Spool(path: path, limit: 1 << 20).append([report(1)])
        let file = path + "/000000000001.ndjson"
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"sender":"a","received_at"#.utf8))
        try handle.close()
        let spool = try Spool(path: path, limit: 1 << 20)
        #expect(spool.depth.reports == 1)
        try spool.append([report(2)])
        #expect(numbers(try #require(try spool.first()).lines) == ["1"])
    }

    @Test("what does not fit is refused whole; one sender leaves room for others")
    func full() throws {
        let spool = try Spool(path: path, limit: 10_000)
        try spool.append([report(1, bytes: 3_000)])
        #expect(throws: Spool.Full.self) { try spool.append([report(2), report(3, bytes: 9_000)]) }
        #expect(spool.isFull && spool.depth.reports == 1)
        #expect(throws: Spool.Full.self) { try spool.append([report(4, bytes: 3_700)]) }
        try spool.append([report(5, sender: "b", bytes: 3_700)])
        #expect(!spool.isFull && spool.depth.reports == 2)
        #expect(numbers(try #require(try spool.first()).lines) == ["1", "5"])
    }

    @Test("a folder belongs to one collector, and its files are no links")
    func folder() throws {
        let spool = try Spool(path: path, limit: 1 << 20)
        #expect(throws: SpoolFolder.Problem.self) { try Spool(path: path, limit: 1 << 20) }
        #expect(try SpoolFolder.look(path).isInUse)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/000000000001.ndjson", withDestinationPath: "/etc/passwd")
        #expect(throws: Spool.Full.self) { try spool.append([report(1)]) }
        #expect(throws: (any Error).self) { try SpoolFolder.look(path + "/none") }
    }
}
