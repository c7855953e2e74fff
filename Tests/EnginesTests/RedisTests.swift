import HostView
import Testing

@testable import Engines

@Suite("Redis and its forks")
struct RedisTests {
    /// What Redis 7.0.15 wrote: `redis-ver`, `redis-bits` (a byte), `ctime` (four bytes), `aof-base`.
    static let head: [UInt8] =
        Array("REDIS0010".utf8) + [0xFA, 9] + Array("redis-ver".utf8) + [6] + Array("7.0.15".utf8)
        + [0xFA, 10] + Array("redis-bits".utf8) + [0xC0, 64]
        + [0xFA, 5] + Array("ctime".utf8) + [0xC2, 0x41, 0x1F, 0x50, 0x6A]
        + [0xFA, 0x40, 8] + Array("aof-base".utf8) + [0xC1, 1, 0] + [0xFE, 0]

    @Test("a snapshot's head: strings of both lengths and numbers of three")
    func snapshot() {
        let entries = Snapshot.entries(Self.head)
        #expect(
            entries == ["redis-ver": "7.0.15", "redis-bits": "64", "ctime": "1783635777", "aof-base": "1"])
        #expect(Snapshot.entries(Array("REDIS0010".utf8)) == nil, "cut")
        #expect(Snapshot.entries([UInt8](repeating: 0xFA, count: 900)) == nil)
        #expect(Snapshot.entries(Array("VALKEY080".utf8) + [0xFF])?.isEmpty == true)
    }

    @Test("a snapshot that lies about lengths, or is cut anywhere, gives fewer entries and never a crash")
    func lies() {
        for index in Self.head.indices {
            _ = Snapshot.entries(Array(Self.head[..<index]))
            for value: UInt8 in [0, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xC2, 0xC3, 0xFA, 0xFF] {
                var bytes = Self.head
                bytes[index] = value
                for text in Snapshot.entries(bytes)?.values ?? [:].values { #expect(text.utf8.count <= 64 * 3) }
            }
        }
    }

    @Test(
        "nodes.conf: the line of the server itself",
        arguments: [
            ("myself,master - 0 0 1 connected 0-5460", false), ("myself,slave abc 0 0 1 connected", true),
            ("slave,myself,fail? abc 0 0 1 connected", true), ("master - 0 0 1 connected", nil),
        ])
    func node(flags: String, isReplica: Bool?) {
        let id = String(repeating: "0a", count: 20)
        let text = "vars currentEpoch 6 lastVoteEpoch 0\nxyz\n\(id) 127.0.0.1:30001@31001,host \(flags)\n"
        let node = ClusterNode.parse(text, source: "nodes.conf")
        #expect(node?.isReplica == isReplica)
        #expect(node == nil || node?.id.value == id)
        #expect(ClusterNode.parse("canary h:1@2 myself,master - 0 0 1\n", source: "") == nil, "no id")
    }
}
