import CZlib
import FoundationEssentials

/// How a report travels through a channel that truncates and adds noise:
///
///     -----BEGIN DBCENSUS REPORT 1 <bytes> <crc32 hex>-----
///     <base64 of the compressed bytes, one line>
///     -----END DBCENSUS REPORT-----
///
/// `REPORT 2` has the same form around a zlib stream with a preset dictionary: see `Packed`. The length and the CRC-32
/// are of the compressed bytes, so a frame that lost its tail or a byte is refused.
public enum Frame {
    /// What a frame holds.
    public enum Version: Int, Sendable, CaseIterable {
        /// A gzip member: every reader knows it.
        case gzip = 1
        /// A zlib stream with a preset dictionary.
        case dictionary = 2
    }

    static let begin = "-----BEGIN DBCENSUS REPORT "
    static let end = "-----END DBCENSUS REPORT-----"

    /// `report` as a frame, with a newline at its end.
    public static func encode(_ report: Report, version: Version = .gzip) throws(ReportError) -> [UInt8] {
        let json = try report.json(.minified)
        let packed = version == .gzip ? try Gzip.compress(json) : try Packed.compress(json)
        let hex = String(Gzip.crc32(of: packed), radix: 16)
        let checksum = String(repeating: "0", count: 8 - hex.count) + hex
        let body = Data(packed).base64EncodedString()
        return Array("\(begin)\(version.rawValue) \(packed.count) \(checksum)-----\n\(body)\n\(end)\n".utf8)
    }

    /// One frame found in a text, and where its first line begins.
    public struct Found: Sendable {
        /// The byte at which the frame begins.
        public var offset: Int
        /// The bytes of the frame; of a broken one, up to the next frame.
        public var range: Range<Int>
        /// The compressed bytes, whole and with the right checksum, or why not: for `Packed.decompress`.
        public var packed: Result<[UInt8], ReportError>
    }

    /// Every frame in `text`, in order, whatever stands around them; with a `limit`, the first ones.
    public static func find(in text: [UInt8], limit: Int = .max) -> [Found] {
        var found: [Found] = []
        let marker = Array(begin.utf8)
        var position = 0
        while found.count < limit, let start = text.firstRange(of: marker, from: position) {
            let (frame, next) = read(text, at: start)
            found.append(Found(offset: start, range: start..<next, packed: frame))
            position = next
        }
        return found
    }

    private static func read(_ text: [UInt8], at start: Int) -> (Result<[UInt8], ReportError>, next: Int) {
        // A frame never reaches into the next one: a cut tail must cost itself alone.
        let next = text.firstRange(of: Array(begin.utf8), from: start + begin.utf8.count) ?? text.endIndex
        let headerEnd = text[start..<next].firstIndex(of: UInt8(ascii: "\n")) ?? next
        let bodyStart = min(headerEnd + 1, next)
        do throws(ReportError) {
            let header = try Header(String(decoding: text[start..<headerEnd].prefix(200), as: UTF8.self))
            guard let endStart = text.firstRange(of: Array(end.utf8), from: bodyStart, to: next) else {
                throw ReportError(.truncated, "the frame has no end line: its end was cut off")
            }
            return (.success(try header.check(text[bodyStart..<endStart])), endStart + end.utf8.count)
        } catch {
            return (.failure(error), next)
        }
    }

    private struct Header {
        var length: Int
        var checksum: UInt32

        init(_ line: String) throws(ReportError) {
            let line = line.hasSuffix("\r") ? line.dropLast() : line[...]
            let words = line.dropFirst(begin.count).split(separator: " ", omittingEmptySubsequences: false)
            guard let major = words.first, Version.allCases.contains(where: { major == "\($0.rawValue)" }) else {
                throw ReportError(.unknownSchema, "the frame's version is neither 1 nor 2")
            }
            guard words.count == 3, words[2].hasSuffix("-----"), let length = Int(words[1]), length > 0,
                words[2].count == 13, let checksum = UInt32(words[2].dropLast(5), radix: 16)
            else { throw ReportError(.badLength, "the frame's first line has no length and checksum") }
            guard length <= ReportLimits.compressedBytes else {
                throw ReportError(.compressedTooLarge, "the frame declares \(length) compressed bytes")
            }
            self.length = length
            self.checksum = checksum
        }

        func check(_ body: ArraySlice<UInt8>) throws(ReportError) -> [UInt8] {
            let line = body.last == UInt8(ascii: "\n") ? body.dropLast() : body
            let isBroken = line.contains { $0 <= UInt8(ascii: " ") }
            let text = isBroken ? line.filter { $0 > UInt8(ascii: " ") } : Array(line)
            guard text.count <= (length + 2) / 3 * 4 + 4, let packed = Data(base64Encoded: Data(text)) else {
                throw ReportError(.badBase64, "the frame's body is not base64 of \(length) bytes")
            }
            guard packed.count == length else {
                throw ReportError(.badLength, "the frame contains \(packed.count) bytes but declares \(length)")
            }
            let bytes = Array(packed)
            guard Gzip.crc32(of: bytes) == checksum else {
                throw ReportError(.badChecksum, "the frame's checksum does not match its bytes")
            }
            return bytes
        }
    }
}

extension Array where Element == UInt8 {
    /// Where `needle` first begins at or after `start`, wholly before `end`.
    public func firstRange(of needle: [UInt8], from start: Int, to end: Int? = nil) -> Int? {
        let end = end ?? count
        guard start < end, !needle.isEmpty else { return nil }
        return withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress,
                let hit = czlib_find(base + start, end - start, needle, needle.count)
            else { return nil }
            return UnsafeRawPointer(hit) - base
        }
    }
}
