/// The headers in rpm's hash table of Berkeley DB (`Packages` of EL 7 and 8, Amazon Linux 2; db-5.3,
/// src/dbinc/db_page.h).
///
/// Every page of the table is looked at once. A header is longer than a page, so that its entry points to a chain of
/// overflow pages.
enum RpmBerkeley {
    private static let magic: UInt64 = 0x0006_1561
    private static let pageHeaderSize = 26
    private static let unsortedHashPage = 2, overflowPage = 7, hashPage = 13
    private static let inPageItem = 1, offPageItem = 3
    private static let metadataSize = 72

    /// Calls `body` with each header until it says false.
    static func forEach(_ file: OpenFile, _ body: ([UInt8]) -> Bool) throws(HostError) {
        let malformed = HostError(operation: "parse", path: file.path, reason: .malformed)
        let metadata = try file.read(at: 0, count: metadataSize)
        // Byte 24 is not 0 in an encrypted one.
        guard metadata.count == metadataSize, metadata.littleEndian(12, 4) == magic, metadata[24] == 0,
            let pageSize = metadata.littleEndian(20, 4).map(Int.init), let last = metadata.littleEndian(32, 4),
            (512...65_536).contains(pageSize)
        else { throw malformed }
        let pages = try file.size() / Int64(pageSize)
        guard Int64(last) < pages else { throw malformed }
        // A sound chain holds each page once, and no page belongs to two.
        var overflowsLeft = pages
        for number in 1...max(Int64(last), 1) {
            let page = try file.read(at: number * Int64(pageSize), count: pageSize)
            guard page.count == pageSize, let entries = page.littleEndian(20, 2),
                [unsortedHashPage, hashPage].contains(Int(page[25]))
            else { continue }
            // Keys and values take turns; items fill the page from its end.
            for index in stride(from: 1, to: Int(entries), by: 2) {
                guard let item = offset(of: index, page), let end = offset(of: index - 1, page), item + 5 < end else {
                    continue
                }
                // A small header on a large page stands in the page itself; what is shorter is the record of the
                // highest number.
                let header =
                    page[item] == inPageItem
                    ? Array(page[item + 1..<end])
                    : page[item] == offPageItem ? try overflows(file, page, item, pageSize, last, &overflowsLeft) : []
                if !header.isEmpty, !body(header) { return }
            }
        }
    }

    private static func offset(of index: Int, _ page: [UInt8]) -> Int? {
        page.littleEndian(pageHeaderSize + 2 * index, 2).map(Int.init).flatMap { $0 <= page.count ? $0 : nil }
    }

    /// The value of an item that points to a chain of pages.
    private static func overflows(
        _ file: OpenFile, _ page: [UInt8], _ item: Int, _ pageSize: Int, _ last: UInt64, _ pagesLeft: inout Int64
    ) throws(HostError) -> [UInt8] {
        let malformed = HostError(operation: "parse", path: file.path, reason: .malformed)
        guard let first = page.littleEndian(item + 4, 4), let length = page.littleEndian(item + 8, 4),
            length <= Rpm.headerLimit
        else { throw malformed }
        var header: [UInt8] = []
        var next = Int64(first)
        while header.count < length {
            guard next != 0, next <= last, pagesLeft > 0 else { throw malformed }
            pagesLeft -= 1
            let overflow = try file.read(at: next * Int64(pageSize), count: pageSize)
            guard overflow.count == pageSize, Int(overflow[25]) == overflowPage,
                let used = overflow.littleEndian(22, 2).map(Int.init), pageHeaderSize + used <= pageSize, used > 0,
                let following = overflow.littleEndian(16, 4)
            else { throw malformed }
            header += overflow[pageHeaderSize..<pageHeaderSize + used]
            next = Int64(following)
        }
        return header
    }
}
