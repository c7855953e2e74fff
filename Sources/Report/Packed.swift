import CZlib

/// A report's JSON as it travels and as it is kept: one gzip member (RFC 1952), or one zlib stream (RFC 1950) with a
/// preset dictionary, which takes half the bytes for a host of few databases.
///
/// The dictionary costs nothing to find: the stream names it. The first byte tells the two forms apart.
public enum Packed {
    /// Compresses with the newest dictionary.
    public static func compress(_ json: [UInt8]) throws(ReportError) -> [UInt8] {
        let dictionary = PresetDictionary.current
        return try Gzip.deflated(json, level: .best, window: Gzip.zlibWindow) { stream in
            dictionary.withBytes { deflateSetDictionary(&stream, $0.baseAddress, UInt32($0.count)) }
        }
    }

    /// Inflates either form; bytes after its end are an error.
    ///
    /// - Throws: `compressedTooLarge`, `inflatedTooLarge`, `truncated`, `badGzip`, `trailingBytes`.
    public static func decompress(
        _ bytes: [UInt8], compressedLimit: Int = ReportLimits.compressedBytes,
        limit: Int = ReportLimits.inflatedBytes
    ) throws(ReportError) -> [UInt8] {
        let window = isZlib(bytes) ? Gzip.zlibWindow : Gzip.gzipWindow
        let member = try Gzip.inflate(
            bytes[...], window: window, compressedLimit: compressedLimit, inflatedLimit: limit)
        guard member.consumed == bytes.count else {
            throw ReportError(.trailingBytes, "\(bytes.count - member.consumed) bytes follow the compressed report")
        }
        return member.bytes
    }

    /// Whether the bytes begin as a zlib stream with a preset dictionary does.
    public static func isZlib(_ bytes: some Collection<UInt8>) -> Bool {
        let head = bytes.prefix(2).map { $0 }
        return head.count == 2 && head[0] & 0x0F == 8 && head[1] & 0x20 != 0
            && (Int(head[0]) << 8 | Int(head[1])) % 31 == 0
    }
}
