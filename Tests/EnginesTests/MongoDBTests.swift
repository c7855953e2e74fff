import Testing

@testable import Engines

@Suite("MongoDB")
struct MongoDBTests {
    @Test("mongod.conf: nesting by any indentation, quotes, comments, dotted keys, the 2.4 format")
    func configuration() {
        let text =
            "# c\nstorage:\n    dbPath: \"/data # 1\"  # c\n    journal:\n        enabled: true\nnet:\n  port: 27018\n  tls:\n    mode: requireTLS\n"
            + "  bindIp: ::1,127.0.0.1\nsecurity.authorization: enabled\nreplication:\n  replSetName: 'a: b'\n---\n- item\nurl: http://x\n"
        let parsed = MongoDBConfiguration.parse(text).map { "\($0.name)=\($0.value)" }
        #expect(
            parsed == [
                "storage.dbPath=/data # 1", "storage.journal.enabled=true", "net.port=27018", "net.tls.mode=requireTLS",
                "net.bindIp=::1,127.0.0.1", "security.authorization=enabled", "replication.replSetName=a: b",
                "url=http://x",
            ])
        #expect(
            MongoDBConfiguration.parse("dbpath=/d\nport = 1 # x\n").map { "\($0.name)=\($0.value)" } == [
                "dbpath=/d", "port=1",
            ])
        func strange(_ text: String) -> String? {
            MongoDBConfiguration.notUnderstood(MongoDBConfiguration.parse(text), among: MongoDBSettings.allowed)
        }
        #expect(strange("net: {port: 1}\n") == "net")
        #expect(strange("net:\n  port:\n    __exec: \"cat port\"\n") == "net.port.__exec")
        #expect(
            strange("security:\n  ldap:\n    userToDNMapping: '[{match: \"(.+)\"}]'\n  authorization: enabled\n") == nil
        )
        #expect(strange("setParameter: {enableLocalhostAuthBypass: false}\nnet:\n  bindIp: \"*\"\n") == nil)
        #expect(MongoDBConfiguration.parse(String(repeating: "a:\n ", count: 5000)).isEmpty)
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
