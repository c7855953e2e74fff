import Crypto
import Foundation
import Report
import Testing

@Suite("Packed reports")
struct PackedTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    @Test("the first dictionary is frozen: frames and stored reports cannot be read without it")
    func frozen() throws {
        let file = Self.root.appending(path: "Sources/Report/Dictionary1.swift")
        let digest = SHA256.hash(data: try Data(contentsOf: file)).map { String($0, radix: 16) }.joined()
        #expect(digest == "9d3ba2c74daed90d08addee1c21a6c73d888b1b8cbf4bf98c88552ade324c")
        // A stream that names it, written by Python's zlib: zlib.compressobj(9, zlib.DEFLATED, 15, 9, 0, dictionary).
        #expect(try Array(Packed.compress(Array("{}".utf8))[..<6]) == [0x78, 0xF9, 0x63, 0x7B, 0xCF, 0xB7])
    }

    @Test("both forms come back, the empty text too")
    func roundTrip() throws {
        for text in ["", "{}", String(repeating: "dbcensus", count: 10_000)] {
            let json = Array(text.utf8)
            #expect(try Packed.decompress(Packed.compress(json)) == json)
            #expect(try Packed.decompress(Gzip.compress(json)) == json)
        }
        #expect(!Packed.isZlib([0x1F, 0x8B]) && !Packed.isZlib([0x78]) && !Packed.isZlib([0x78, 0x9C]))
    }

    @Test("a cut, a flipped byte, bytes behind the end, an unknown dictionary and a bomb are refused")
    func refused() throws {
        let packed = try Packed.compress(Array(String(repeating: "report ", count: 50).utf8))
        for length in 0..<packed.count {
            #expect(throws: ReportError.self, "cut at \(length)") { try Packed.decompress(Array(packed[..<length])) }
        }
        func code(_ bytes: [UInt8], limit: Int = 1_000) -> ReportError.Code? {
            do { _ = try Packed.decompress(bytes, limit: limit) } catch { return error.code }
            return nil
        }
        #expect(code(packed + [0]) == .trailingBytes)
        var unknown = packed
        unknown[5] ^= 1
        #expect(code(unknown) == .unknownSchema)
        var damaged = packed
        damaged[packed.count - 1] ^= 1
        #expect(code(damaged) == .badGzip)
        #expect(code(packed, limit: 100) == .inflatedTooLarge)
    }

    @Test("a host of three databases keeps all its evidence within 2,400 characters, which one List call serves")
    func small() throws {
        let golden = Self.root.appending(path: "Tests/AgentTests/Golden/two-instances.json")
        let report = try Report.decode(json: Array(try Data(contentsOf: golden)))
        #expect(report.databases.count == 3)
        let (one, two) = (try Frame.encode(report).count, try Frame.encode(report, version: .dictionary).count)
        #expect(two < 2_400 && two * 2 < one)
    }
}
