import Report
import Testing

@Suite("Gzip")
struct GzipTests {
    @Test("the same bytes give the same gzip, with no time and no system in its header")
    func fixedHeader() throws {
        let bytes = Array("dbcensus".utf8)
        let packed = try Gzip.compress(bytes)
        #expect(try Gzip.compress(bytes) == packed)
        #expect(Array(packed[..<10]) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])
        #expect(try Gzip.decompress(packed) == bytes)
        #expect(try Gzip.decompress(try Gzip.compress([])) == [])
    }

    @Test("a cut anywhere, a flipped byte in the data and bytes behind it are refused")
    func damage() throws {
        let packed = try Gzip.compress(Array(String(repeating: "report ", count: 500).utf8))
        for length in 0..<packed.count {
            #expect { try Gzip.decompress(Array(packed[..<length])) } throws: {
                ($0 as? ReportError)?.code == .truncated
            }
        }
        for index in 10..<packed.count {
            var damaged = packed
            damaged[index] ^= 0x55
            #expect(throws: ReportError.self, "byte \(index)") { try Gzip.decompress(damaged) }
        }
        #expect { try Gzip.decompress(packed + [0]) } throws: { ($0 as? ReportError)?.code == .trailingBytes }
    }

    @Test("a bomb is refused at 64 MiB, and more than 4 MiB of gzip before it is inflated")
    func bounds() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: ReportLimits.inflatedBytes + 1))
        #expect { try Gzip.decompress(bomb) } throws: { ($0 as? ReportError)?.code == .inflatedTooLarge }
        var state: UInt64 = 1
        let noise = (0..<(ReportLimits.compressedBytes + 100_000)).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let large = try Gzip.compress(noise)
        #expect { try Gzip.decompress(large) } throws: { ($0 as? ReportError)?.code == .compressedTooLarge }
    }
}
