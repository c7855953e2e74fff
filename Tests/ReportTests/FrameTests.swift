import Report
import Testing

@Suite("Frame")
struct FrameTests {
    @Test("what was encoded is found again, whatever stands around it", arguments: Frame.Version.allCases)
    func roundTrip(version: Frame.Version) throws {
        let report = Samples.report()
        let frame = String(decoding: try Frame.encode(report, version: version), as: UTF8.self)
        let noisy = "Starting\r\n" + frame.replacing("\n", with: "\r\n") + "2026-11-21 done\n" + frame
        let found = Frame.find(in: Array(noisy.utf8))
        #expect(found.map(\.offset) == [10, 10 + frame.utf8.count + 3 + "2026-11-21 done\n".utf8.count])
        for entry in found {
            #expect(try Report.decode(json: try Packed.decompress(try entry.packed.get())) == report)
        }
    }

    @Test("the first line names length and checksum of the gzip bytes")
    func firstLine() throws {
        let packed = try Gzip.compress(try Samples.report().json(.minified))
        let line = try #require(
            String(decoding: try Frame.encode(Samples.report()), as: UTF8.self).split(separator: "\n").first)
        let words = line.split(separator: " ")
        #expect(words[4] == "\(packed.count)")
        #expect(UInt32(words[5].dropLast(5), radix: 16) == Gzip.crc32(of: packed))
    }

    @Test("a frame that lost its tail anywhere is refused, and never half read", arguments: Frame.Version.allCases)
    func everyCut(version: Frame.Version) throws {
        let frame = try Frame.encode(Samples.report(), version: version)
        for length in 1..<(frame.count - 1) {
            let found = Frame.find(in: Array(frame[..<length]))
            #expect(found.allSatisfy { (try? $0.packed.get()) == nil }, "cut at \(length)")
        }
    }

    @Test("a flipped character costs its own frame alone", arguments: Frame.Version.allCases)
    func damage(version: Frame.Version) throws {
        let frame = try Frame.encode(Samples.report(), version: version)
        var damaged = frame
        damaged[90] = damaged[90] == 65 ? 66 : 65
        let found = Frame.find(in: damaged + frame)
        #expect(found.count == 2)
        #expect(throws: ReportError.self) { try found[0].packed.get() }
        #expect(throws: Never.self) { try found[1].packed.get() }
    }

    @Test("a cut frame before a whole one costs itself alone", arguments: Frame.Version.allCases)
    func cutBeforeWhole(version: Frame.Version) throws {
        let frame = try Frame.encode(Samples.report(), version: version)
        let found = Frame.find(in: Array(frame[..<120]) + Array("\n".utf8) + frame)
        #expect(found.count == 2)
        #expect(found.map { $0.packed.code } == [.truncated, nil])
    }

    @Test("blanks within and behind the body's line are noise", arguments: [" ", "\t", "\r", "\r\n", "\n\n", "\0", ""])
    func blanks(noise: String) throws {
        let frame = String(decoding: try Frame.encode(Samples.report()), as: UTF8.self)
        let lines = frame.split(separator: "\n")
        let body = lines[1].prefix(40) + noise + lines[1].dropFirst(40)
        for text in ["\(lines[0])\n\(lines[1])\(noise)\(lines[2])", "\(lines[0])\n\(body)\n\(lines[2])\n"] {
            #expect(Frame.find(in: Array(text.utf8)).map { $0.packed.code } == [nil])
        }
    }

    @Test(
        "a first line that makes no sense has its reason",
        arguments: [
            ("3 10 00000000", ReportError.Code.unknownSchema), ("1 x 00000000", .badLength),
            ("1 -5 00000000", .badLength),
            ("1 10 xyz", .badLength), ("1 99999999 00000000", .compressedTooLarge), ("1 2", .badLength),
            ("1 3 00000000", .badBase64), ("1 4 00000000", .badChecksum),
        ])
    func firstLines(line: String, code: ReportError.Code) {
        let text =
            "-----BEGIN DBCENSUS REPORT \(line)-----\n\(code == .badChecksum ? "AAAAAA==" : "!!!!")\n-----END DBCENSUS REPORT-----\n"
        #expect(Frame.find(in: Array(text.utf8)).map { $0.packed.code } == [code])
    }
}

extension Result where Success == [UInt8], Failure == ReportError {
    var code: ReportError.Code? {
        if case .failure(let error) = self { return error.code }
        return nil
    }
}
