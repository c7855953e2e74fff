import CZlib

/// gzip (RFC 1952) with fixed header bytes, so that the same input gives the same output everywhere.
public enum Gzip {
    /// So much is inflated at a time: for a small input less, which need not be made room for.
    private static let chunks = (4 << 10)...(64 << 10)
    static let gzipWindow: Int32 = 15 + 16
    static let zlibWindow: Int32 = 15

    /// How much time is spent on a small output.
    public enum Level: Sendable { case fast, best }

    /// Compresses `bytes` as one gzip member: no name, no time, unknown operating system.
    public static func compress(_ bytes: [UInt8], level: Level = .best) throws(ReportError) -> [UInt8] {
        var header = gz_header()
        header.os = 255
        // zlib keeps the header's address until deflate() has written it.
        let pointer = UnsafeMutablePointer<gz_header>.allocate(capacity: 1)
        pointer.initialize(to: header)
        defer { pointer.deallocate() }
        return try deflated(bytes, level: level, window: gzipWindow) { deflateSetHeader(&$0, pointer) }
    }

    /// Compresses `bytes` as one stream, after `prepare` gave it a header or a dictionary.
    static func deflated(
        _ bytes: [UInt8], level: Level, window: Int32, prepare: (inout z_stream) -> Int32
    ) throws(ReportError) -> [UInt8] {
        var stream = z_stream()
        let effort = level == .fast ? Z_BEST_SPEED : Z_BEST_COMPRESSION
        guard czlib_deflate_init(&stream, effort, window) == Z_OK else {
            throw ReportError(.badGzip, "zlib could not start compressing")
        }
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        guard prepare(&stream) == Z_OK else { throw ReportError(.badGzip, "zlib could not start compressing") }
        let status = bytes.withUnsafeBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw ReportError(.badGzip, "zlib could not compress (\(status))") }
        output.removeLast(Int(stream.avail_out))
        return output
    }

    /// One inflated gzip member and how many bytes of the input it took.
    public struct Member: Sendable, Equatable {
        /// The inflated bytes.
        public var bytes: [UInt8]
        /// Bytes of input that belong to this member.
        public var consumed: Int
    }

    /// Inflates exactly one gzip member; bytes after it are an error.
    ///
    /// - Throws: `compressedTooLarge`, `inflatedTooLarge`, `truncated`, `badGzip`, `trailingBytes`.
    public static func decompress(
        _ bytes: [UInt8], limit: Int = ReportLimits.inflatedBytes
    ) throws(ReportError) -> [UInt8] {
        let member = try firstMember(of: bytes[...], inflatedLimit: limit)
        guard member.consumed == bytes.count else {
            throw ReportError(
                .trailingBytes, "\(bytes.count - member.consumed) bytes follow the gzip member's end")
        }
        return member.bytes
    }

    /// Inflates the gzip member that `bytes` begins with, within the limits of one report unless told otherwise.
    public static func firstMember(
        of bytes: ArraySlice<UInt8>, compressedLimit: Int = ReportLimits.compressedBytes,
        inflatedLimit: Int = ReportLimits.inflatedBytes
    ) throws(ReportError) -> Member {
        try inflate(bytes, window: gzipWindow, compressedLimit: compressedLimit, inflatedLimit: inflatedLimit)
    }

    /// Inflates the zlib stream (RFC 1950) that `bytes` begins with, to at most `limit` bytes.
    public static func inflateZlib(_ bytes: ArraySlice<UInt8>, limit: Int) throws(ReportError) -> [UInt8] {
        try inflate(bytes, window: zlibWindow, compressedLimit: limit, inflatedLimit: limit).bytes
    }

    static func inflate(
        _ bytes: ArraySlice<UInt8>, window: Int32, compressedLimit: Int, inflatedLimit: Int
    ) throws(ReportError) -> Member {
        var stream = z_stream()
        guard czlib_inflate_init(&stream, window) == Z_OK else {
            throw ReportError(.badGzip, "zlib could not start inflating")
        }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        let input = bytes.prefix(compressedLimit)
        let chunk = min(max(input.count * 8, chunks.lowerBound), chunks.upperBound)
        var buffer = [UInt8](repeating: 0, count: chunk)
        var failure: ReportError?
        input.withUnsafeBufferPointer { source in
            stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            stream.avail_in = UInt32(source.count)
            var status = Z_OK
            while status != Z_STREAM_END, failure == nil {
                let produced = buffer.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    if status == Z_NEED_DICT { status = giveDictionary(to: &stream) }
                    return target.count - Int(stream.avail_out)
                }
                output.append(contentsOf: buffer[..<produced])
                if output.count > inflatedLimit {
                    failure = ReportError(.inflatedTooLarge, "inflates to more than \(inflatedLimit) bytes")
                } else {
                    failure = problem(
                        status, produced, compressedLimit: bytes.count > input.count ? compressedLimit : nil)
                }
            }
        }
        if let failure { throw failure }
        return Member(bytes: output, consumed: input.count - Int(stream.avail_in))
    }

    /// The dictionary that the stream names; `Z_NEED_DICT` when it is not known.
    private static func giveDictionary(to stream: inout z_stream) -> Int32 {
        guard let dictionary = PresetDictionary.all.first(where: { UInt($0.adler32) == stream.adler }) else {
            return Z_NEED_DICT
        }
        let set = dictionary.withBytes { inflateSetDictionary(&stream, $0.baseAddress, UInt32($0.count)) }
        return set == Z_OK ? CZlib.inflate(&stream, Z_NO_FLUSH) : set
    }

    private static func problem(_ status: Int32, _ produced: Int, compressedLimit: Int?) -> ReportError? {
        switch status {
        case Z_STREAM_END: return nil
        case Z_OK where produced > 0: return nil
        case Z_OK, Z_BUF_ERROR:
            guard let compressedLimit else { return ReportError(.truncated, "the gzip data is incomplete") }
            return ReportError(.compressedTooLarge, "more than \(compressedLimit) compressed bytes")
        case Z_NEED_DICT:
            return ReportError(
                .unknownSchema, "compressed with a dictionary that this version does not know: update it")
        default: return ReportError(.badGzip, "not valid gzip data (zlib error \(status))")
        }
    }

    /// The CRC-32 of `bytes`, as gzip and zlib compute it.
    public static func crc32(of bytes: some Collection<UInt8>) -> UInt32 {
        let result = bytes.withContiguousStorageIfAvailable { pointer in
            CZlib.crc32(0, pointer.baseAddress, UInt32(pointer.count))
        }
        return UInt32(
            truncatingIfNeeded: result
                ?? Array(bytes).withUnsafeBufferPointer { pointer in
                    CZlib.crc32(0, pointer.baseAddress, UInt32(pointer.count))
                })
    }
}
