/// Reads tables of an SQLite database without SQLite (sqlite.org/fileformat2.html), pages through `HostRoot` and
/// nothing written.
///
/// The library would take locks and, for root, replay or delete the write-ahead log that a running rpm needs (go-rpmdb
/// #56); told not to, it does not see what the log holds. This reads both files as they are. Every length is checked; a
/// loop ends at a limit.
final class SQLiteFile {
    /// A column's value; floating point numbers are not asked for.
    enum Value: Equatable {
        case null
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    private static let headerSize = 100
    private static let magic = Array("SQLite format 3\0".utf8)
    /// The deepest tree; SQLite's own is 20.
    private static let depthLimit = 20
    /// The most columns of one row; rpm and Podman have fewer than ten.
    private static let columnLimit = 64
    /// The most bytes of one row.
    private static let rowLimit = 32 << 20

    private let file: OpenFile
    private let log: SQLiteLog?
    private let pageSize: Int
    /// The bytes of a page without those reserved for extensions.
    private let usable: Int
    private var pagesLeft: Int

    /// Opens the database at `path` and its write-ahead log, where there is one.
    ///
    /// - Throws: `malformed` when it is no SQLite database, or not one in UTF-8.
    init(_ path: String, _ root: HostRoot, deadline: Deadline?) throws(HostError) {
        file = try root.open(path, deadline: deadline)
        let header = try file.read(at: 0, count: Self.headerSize)
        let raw = Int(header.bigEndian(16, 2) ?? 0)
        pageSize = raw == 1 ? 65_536 : raw
        guard header.starts(with: Self.magic), header.count == Self.headerSize, pageSize >= 512,
            pageSize & (pageSize - 1) == 0, header[20] <= 32, header.bigEndian(56, 4) ?? 1 <= 1
        else { throw HostError(operation: "parse", path: path, reason: .malformed) }
        usable = pageSize - Int(header[20])
        log = try SQLiteLog.read(path + "-wal", root, pageSize: pageSize, deadline: deadline)
        // Each page is read once in a sound file; a loop runs out of this.
        pagesLeft = Int(try file.size() / Int64(pageSize)) * 2 + (log?.pages ?? 0) * 2 + 64
    }

    /// Calls `body` with each row of `table`, in the order of the row ids, until it says false.
    ///
    /// - Throws: `ENOENT` when there is no such table; `malformed` when the file lies or loops.
    func rows(of table: String, _ body: (_ id: Int64, _ values: [Value]) -> Bool) throws(HostError) {
        var root: Int64?
        _ = try walk(1, depth: 0) { (_, payload) throws(HostError) in
            let values = try self.values(payload)
            if values.count > 3, values[0] == .text("table"), values[1] == .text(table),
                case .integer(let page) = values[3]
            {
                root = page
            }
            return root == nil
        }
        guard let root, root > 0 else { throw HostError(operation: "open table", path: file.path, reason: .noEntry) }
        _ = try walk(root, depth: 0) { (id, payload) throws(HostError) in body(id, try values(payload)) }
    }

    private var malformed: HostError { HostError(operation: "parse", path: file.path, reason: .malformed) }

    private func page(_ number: Int64) throws(HostError) -> [UInt8] {
        guard number > 0, number < 1 << 32, pagesLeft > 0 else { throw malformed }
        pagesLeft -= 1
        let bytes =
            if let offset = log?.offset(ofPage: number), let file = log?.file {
                try file.read(at: offset, count: pageSize)
            } else {
                try file.read(at: (number - 1) * Int64(pageSize), count: pageSize)
            }
        guard bytes.count == pageSize else { throw malformed }
        return bytes
    }

    /// Calls `body` with each row below the page of a table's tree; false when it said so.
    private func walk(
        _ number: Int64, depth: Int, _ body: (Int64, [UInt8]) throws(HostError) -> Bool
    ) throws(HostError) -> Bool {
        guard depth < Self.depthLimit else { throw malformed }
        let page = try page(number)
        let start = number == 1 ? Self.headerSize : 0
        let kind = page[start]
        guard kind == 0x0D || kind == 0x05, let cells = page.bigEndian(start + 3, 2) else { throw malformed }
        let pointers = start + (kind == 0x05 ? 12 : 8)
        for cell in 0..<Int(cells) {
            guard let offset = page.bigEndian(pointers + 2 * cell, 2).map(Int.init), offset < pageSize else {
                throw malformed
            }
            if kind == 0x05 {
                guard let child = page.bigEndian(offset, 4) else { throw malformed }
                if try !walk(Int64(child), depth: depth + 1, body) { return false }
            } else {
                guard let size = Self.varint(page, offset), let id = Self.varint(page, size.end) else {
                    throw malformed
                }
                if try !body(id.value, try payload(page, at: id.end, size: size.value)) { return false }
            }
        }
        guard kind == 0x05 else { return true }
        guard let last = page.bigEndian(start + 8, 4) else { throw malformed }
        return try walk(Int64(last), depth: depth + 1, body)
    }

    /// A row's bytes: those in its page, and the chain of overflow pages.
    private func payload(_ page: [UInt8], at start: Int, size: Int64) throws(HostError) -> [UInt8] {
        guard size >= 0, size <= Self.rowLimit else { throw malformed }
        let size = Int(size)
        let most = usable - 35
        let least = (usable - 12) * 32 / 255 - 23
        let fitting = least + (size - least) % (usable - 4)
        let local = size <= most ? size : fitting <= most ? fitting : least
        guard start + local <= usable else { throw malformed }
        var bytes = Array(page[start..<start + local])
        var next = local < size ? page.bigEndian(start + local, 4) : 0
        while bytes.count < size {
            guard let number = next, number != 0 else { throw malformed }
            let overflow = try self.page(Int64(number))
            bytes += overflow[4..<min(usable, 4 + size - bytes.count)]
            next = overflow.bigEndian(0, 4)
        }
        return bytes
    }

    /// The columns of a row ("Record Format").
    private func values(_ payload: [UInt8]) throws(HostError) -> [Value] {
        guard let header = Self.varint(payload, 0), header.value <= payload.count else { throw malformed }
        var position = header.end
        var data = Int(header.value)
        var values: [Value] = []
        while position < header.value {
            guard values.count < Self.columnLimit else { throw malformed }
            guard let type = Self.varint(payload, position), let (value, size) = Self.value(payload, data, type.value)
            else {
                throw malformed
            }
            values.append(value)
            position = type.end
            data += size
        }
        return values
    }

    private static func value(_ bytes: [UInt8], _ offset: Int, _ type: Int64) -> (Value, size: Int)? {
        switch type {
        case 0: return (.null, 0)
        case 8, 9: return (.integer(type - 8), 0)
        case 1...7:
            let size = type < 5 ? Int(type) : type == 5 ? 6 : 8
            guard let raw = bytes.bigEndian(offset, size) else { return nil }
            let unused = 64 - 8 * size
            return (type == 7 ? .null : .integer(Int64(bitPattern: raw << unused) >> unused), size)
        case 12...:
            guard type - 12 <= 2 * Int64(bytes.count) else { return nil }
            let size = Int(type - 12) / 2
            guard offset + size <= bytes.count else { return nil }
            let part = bytes[offset..<offset + size]
            return (type % 2 == 0 ? .blob(Array(part)) : .text(String(decoding: part, as: UTF8.self)), size)
        default: return nil
        }
    }

    /// Seven bits a byte, the highest first; the ninth byte counts whole.
    private static func varint(_ bytes: [UInt8], _ offset: Int) -> (value: Int64, end: Int)? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard offset + index < bytes.count else { return nil }
            let byte = bytes[offset + index]
            if index == 8 { return (Int64(bitPattern: value << 8 | UInt64(byte)), offset + 9) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { return (Int64(bitPattern: value), offset + index + 1) }
        }
        return nil
    }
}
