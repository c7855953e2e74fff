/// The write-ahead log beside an SQLite database (sqlite.org/walformat.html): pages that are newer than the database's
/// own.
struct SQLiteLog {
    let file: OpenFile
    /// Where the newest committed copy of a page begins.
    private var offsets: [Int64: Int64]

    private static let headerSize = 32
    private static let frameHeaderSize = 24
    /// The most frames that are looked at; SQLite itself copies them back after a thousand.
    private static let frameLimit = 65_536

    /// How many pages the log holds.
    var pages: Int { offsets.count }

    func offset(ofPage number: Int64) -> Int64? { offsets[number] }

    /// Reads the log at `path`; nil where there is none, or nothing committed in it.
    static func read(_ path: String, _ root: HostRoot, pageSize: Int, deadline: Deadline?) throws(HostError)
        -> SQLiteLog?
    {
        let file: OpenFile
        do throws(HostError) { file = try root.open(path, deadline: deadline) } catch {
            if error.reason.isAbsent { return nil }
            throw error
        }
        let header = try file.read(at: 0, count: headerSize)
        // A log that was reset has zeros, or salts that its old frames do not have.
        guard header.count == headerSize, let magic = header.bigEndian(0, 4), magic & ~1 == 0x377F_0682,
            header.bigEndian(8, 4) == UInt64(pageSize)
        else { return nil }
        var sum = Checksum(isBigEndian: magic & 1 == 1)
        sum.add(header[..<24])
        guard sum.matches(header, at: 24) else { return nil }
        var log = SQLiteLog(file: file, offsets: [:])
        var uncommitted: [Int64: Int64] = [:]
        var offset = Int64(headerSize)
        for frame in 0... {
            guard frame < frameLimit else { throw HostError(operation: "read", path: path, reason: .tooLarge) }
            let bytes = try file.read(at: offset, count: frameHeaderSize + pageSize)
            guard bytes.count == frameHeaderSize + pageSize, bytes[8..<16].elementsEqual(header[16..<24]) else { break }
            sum.add(bytes[..<8])
            sum.add(bytes[frameHeaderSize...])
            guard sum.matches(bytes, at: 16), let number = bytes.bigEndian(0, 4) else { break }
            uncommitted[Int64(number)] = offset + Int64(frameHeaderSize)
            if bytes.bigEndian(4, 4) != 0 {
                log.offsets.merge(uncommitted) { $1 }
                uncommitted = [:]
            }
            offset += Int64(bytes.count)
        }
        return log.offsets.isEmpty ? nil : log
    }

    /// The two running sums over pairs of 32-bit words ("Checksum Algorithm").
    private struct Checksum {
        let isBigEndian: Bool
        private var first: UInt32 = 0
        private var second: UInt32 = 0

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        mutating func add(_ bytes: ArraySlice<UInt8>) {
            bytes.withUnsafeBytes { buffer in
                for offset in stride(from: 0, to: buffer.count - 7, by: 8) {
                    first = first &+ word(buffer, offset) &+ second
                    second = second &+ word(buffer, offset + 4) &+ first
                }
            }
        }

        private func word(_ buffer: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
            let raw = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
        }

        func matches(_ bytes: [UInt8], at offset: Int) -> Bool {
            bytes.bigEndian(offset, 4) == UInt64(first) && bytes.bigEndian(offset + 4, 4) == UInt64(second)
        }
    }
}
