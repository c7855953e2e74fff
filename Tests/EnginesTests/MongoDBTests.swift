import Foundation
import HostView
import Report
import Testing

@testable import Engines

@Suite("MongoDB")
struct MongoDBTests {
    @Test("mongod.conf: nesting by any indentation, quotes, comments, dotted keys, the 2.4 format")
    func configuration() {
        let text =
            "# c\nstorage:\n    dbPath: \"/data # 1\"  # c\n    journal:\n        enabled: true\nnet:\n  port: 27018\n  tls:\n    mode: requireTLS\n"
            + "  bindIp: ::1,127.0.0.1\nsecurity.authorization: enabled\nreplication:\n  replSetName: 'a: b'\n---\n- item\nurl: http://x\n"
        let parsed = YAMLMappings.parse(text).map { "\($0.name)=\($0.value)" }
        #expect(
            parsed == [
                "storage.dbPath=/data # 1", "storage.journal.enabled=true", "net.port=27018", "net.tls.mode=requireTLS",
                "net.bindIp=::1,127.0.0.1", "security.authorization=enabled", "replication.replSetName=a: b",
                "url=http://x",
            ])
        #expect(
            YAMLMappings.parse("dbpath=/d\nport = 1 # x\n").map { "\($0.name)=\($0.value)" } == [
                "dbpath=/d", "port=1",
            ])
        func strange(_ text: String) -> String? {
            YAMLMappings.notUnderstood(
                YAMLMappings.parse(text), among: Set(MongoDBSettings.allowed.keys))
        }
        #expect(strange("net: {port: 1}\n") == "net")
        #expect(strange("net:\n  port:\n    __exec: \"cat port\"\n") == "net.port.__exec")
        #expect(
            strange("security:\n  ldap:\n    userToDNMapping: '[{match: \"(.+)\"}]'\n  authorization: enabled\n") == nil
        )
        #expect(strange("setParameter: {enableLocalhostAuthBypass: false}\nnet:\n  bindIp: \"*\"\n") == nil)
        #expect(YAMLMappings.parse(String(repeating: "a:\n ", count: 5000)).isEmpty)
    }

    private func bytes(_ number: Int64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    private func element(_ type: UInt8, _ name: String, _ value: [UInt8]) -> [UInt8] {
        [type] + Array(name.utf8) + [0] + value
    }
    private func document(_ elements: [UInt8]...) -> [UInt8] {
        let body = elements.flatMap { $0 }
        return bytes(Int64(body.count + 5), 4) + body + [0]
    }
    private func chunk(state: Int64, at milliseconds: Int64, inflated: [UInt8]? = nil) throws -> [UInt8] {
        let status = document(
            element(0x02, "set", bytes(4, 4) + Array("rs0\0".utf8)), element(0x10, "myState", bytes(state, 4)))
        let sample = inflated ?? document(element(0x03, "replSetGetStatus", status)) + [1, 2, 3, 4]
        // A gzip member is a zlib stream in another coat: CZlib is not this target's, so stored blocks are written by
        // hand.
        var stream: [UInt8] = [0x78, 0x01]
        var rest = sample[...]
        repeat {
            let part = rest.prefix(65_535)
            rest = rest.dropFirst(part.count)
            stream += [rest.isEmpty ? 1 : 0] + bytes(Int64(part.count), 2) + bytes(Int64(~part.count), 2) + part
        } while !rest.isEmpty
        let (a, b) = sample.reduce((UInt32(1), UInt32(0))) { sums, byte in
            let first = (sums.0 + UInt32(byte)) % 65_521
            return (first, (sums.1 + first) % 65_521)
        }
        stream += bytes(Int64(b << 16 | a), 4).reversed()
        let data = bytes(Int64(sample.count), 4) + stream
        return document(
            element(0x09, "_id", bytes(milliseconds, 8)), element(0x10, "type", bytes(1, 4)),
            element(0x05, "data", bytes(Int64(data.count), 4) + [0] + data))
    }

    @Test("a member's own words: the last chunk counts, and one that does not inflate is said")
    func member() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = ProblemLog()
        let host = ScanContext(try HostRoot("/"), deadline: Deadline(seconds: 10), log: log)
        func last(_ bytes: [UInt8]) throws -> MongoDBMember? {
            try Data(bytes).write(to: URL(filePath: path))
            return MongoDBMember.last(in: path, host.root, host)
        }
        let first = try chunk(state: 2, at: 5_000)
        let second = try chunk(state: 1, at: 9_000)
        let member = try #require(try last(first + second))
        #expect(member.role == .primary && member.set == "rs0" && member.saidAt == 9)
        #expect(try last(first)?.role == .replica)
        #expect(try last(first + second.dropLast(3))?.role == .replica, "a chunk that is being written")
        #expect(try last(try chunk(state: 99, at: 1))?.role == nil)
        #expect(try last([]) == nil && last([1, 2, 3]) == nil)
        #expect(log.problems.isEmpty)
        // Nine megabytes of zeros: more than a sample may have.
        #expect(try last(try chunk(state: 1, at: 1, inflated: [UInt8](repeating: 0, count: 9 << 20))) == nil)
        var spoiled = second
        spoiled[spoiled.count / 2] ^= 0xFF
        #expect(try last(spoiled) == nil)
        #expect(log.problems.map(\.code) == ["malformed"])
    }

    /// `{a: {b: "x"}, n: 1.5, s: "y"}`
    static let sample: [UInt8] = [
        43, 0, 0, 0, 3, 0x61, 0, 14, 0, 0, 0, 2, 0x62, 0, 2, 0, 0, 0, 0x78, 0, 0, 1, 0x6E, 0, 0, 0, 0, 0, 0, 0, 0xF8,
        0x3F,
        2, 0x73, 0, 2, 0, 0, 0, 0x79, 0, 0, 0,
    ]

    @Test("BSON: values by path, nil for what is not there")
    func bson() throws {
        let document = try #require(BSONDocument(Self.sample[...]))
        #expect(document.string("a", "b") == "x")
        #expect(document.string("s") == "y")
        #expect(document.string("a") == nil && document.string("n") == nil && document.string("z", "b") == nil)
    }

    @Test("BSON that lies about any length is nil or another string, and never a crash")
    func lies() {
        for index in Self.sample.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var bytes = Self.sample
                bytes[index] = value
                _ = BSONDocument(bytes[...])?.string("a", "b")
                _ = BSONDocument(bytes[...])?.string("s")
            }
            _ = BSONDocument(Self.sample[..<index])?.string("s")
        }
        #expect(BSONDocument([][...]) == nil)
    }
}
