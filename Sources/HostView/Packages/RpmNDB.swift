/// The headers in rpm's own database (`Packages.db` of SUSE and others; rpm, lib/backend/ndb/rpmpkg.c), little-endian.
///
/// Pages of 4096 bytes with slots of 16 (magic, package number, block, blocks); a blob begins at its block of 16 bytes
/// with a head of 16.
enum RpmNDB {
    private static let headerSize = 32, slotSize = 16, pageSize = 4096, blockSize: Int64 = 16, blobHeadSize = 16
    /// The most pages of slots: a quarter of a million packages.
    private static let slotPageLimit = 1024

    private static func magic(_ text: StaticString) -> UInt64 {
        text.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    /// Calls `body` with each header until it says false.
    static func forEach(_ file: OpenFile, _ body: ([UInt8]) -> Bool) throws(HostError) {
        let malformed = HostError(operation: "parse", path: file.path, reason: .malformed)
        let header = try file.read(at: 0, count: headerSize)
        guard header.littleEndian(0, 4) == magic("RpmP"), let pages = header.littleEndian(12, 4).map(Int.init),
            (1...slotPageLimit).contains(pages)
        else { throw malformed }
        let slots = try file.read(at: 0, count: pages * pageSize)
        guard slots.count == pages * pageSize else { throw malformed }
        for start in stride(from: headerSize, to: slots.count, by: slotSize) {
            guard slots.littleEndian(start, 4) == magic("Slot"), let package = slots.littleEndian(start + 4, 4),
                let block = slots.littleEndian(start + 8, 4)
            else { throw malformed }
            if package == 0 { continue }  // free
            let offset = Int64(block) * blockSize
            let head = try file.read(at: offset, count: blobHeadSize)
            guard head.littleEndian(0, 4) == magic("BlbS"), head.littleEndian(4, 4) == package,
                let length = head.littleEndian(12, 4), length <= Rpm.headerLimit
            else { throw malformed }
            let blob = try file.read(at: offset + Int64(blobHeadSize), count: Int(length))
            guard blob.count == Int(length) else { throw malformed }
            if !body(blob) { return }
        }
    }
}
