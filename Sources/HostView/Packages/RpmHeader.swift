/// A package's header as the rpm database holds it: an index of tags, then their values (rpm.org/docs, "RPM package
/// file structure").
///
/// Big-endian: how many entries and how many bytes of values; entries of 16 bytes: tag, type, offset, count.
struct RpmHeader {
    enum Tag: UInt64 {
        case name = 1000
        case version, release, epoch
        case vendor = 1011
        case directoryIndexes = 1116
        case baseNames, directoryNames
    }

    private static let preamble = 8
    private static let entrySize = 16
    /// rpm's own limit, HEADER_TAGS_MAX.
    private static let entryLimit = 65_535
    /// The most texts of one tag: a package of half a million files is none.
    private static let textLimit = 500_000

    private let bytes: [UInt8]
    private let entries: Int
    private let values: ArraySlice<UInt8>

    /// The header in `bytes`; nil when its lengths are invalid.
    init?(_ bytes: [UInt8]) {
        guard let count = bytes.bigEndian(0, 4).map(Int.init), let size = bytes.bigEndian(4, 4).map(Int.init),
            count > 0, count <= Self.entryLimit, Self.preamble + count * Self.entrySize + size <= bytes.count
        else { return nil }
        self.bytes = bytes
        entries = count
        let start = Self.preamble + count * Self.entrySize
        values = bytes[start..<start + size]
    }

    /// It names more files than are looked through.
    var isCut: Bool { [Tag.baseNames, .directoryNames].contains { (entry($0)?.count ?? 0) > Self.textLimit } }

    /// The text of a tag of type STRING or I18NSTRING.
    func string(_ tag: Tag) -> String? {
        guard let entry = entry(tag), [6, 9].contains(entry.type) else { return nil }
        return texts(entry.offset, 1).first
    }

    /// The texts of a tag of type STRING_ARRAY.
    func strings(_ tag: Tag) -> [String] {
        guard let entry = entry(tag), entry.type == 8 else { return [] }
        return texts(entry.offset, entry.count)
    }

    /// The numbers of a tag of type INT32.
    func numbers(_ tag: Tag) -> [Int] {
        guard let entry = entry(tag), entry.type == 4, entry.count <= values.count / 4 else { return [] }
        return (0..<entry.count).compactMap { values.bigEndian(entry.offset + 4 * $0, 4).map(Int.init) }
    }

    /// The paths of the package's files whose base name is in `names`; no more than `Package.fileLimit`.
    func files(named names: Set<String>) -> Set<String> {
        let directories = strings(.directoryNames)
        var found: Set<String> = []
        for (name, index) in zip(strings(.baseNames), numbers(.directoryIndexes)) where names.contains(name) {
            guard directories.indices.contains(index), directories[index].utf8.count <= Package.pathLimit else {
                continue
            }
            found.insert(directories[index] + name)
            if found.count == Package.fileLimit { break }
        }
        return found
    }

    private func entry(_ tag: Tag) -> (type: UInt64, offset: Int, count: Int)? {
        for index in 0..<entries {
            let start = Self.preamble + index * Self.entrySize
            guard bytes.bigEndian(start, 4) == tag.rawValue, let type = bytes.bigEndian(start + 4, 4),
                let offset = bytes.bigEndian(start + 8, 4), let count = bytes.bigEndian(start + 12, 4)
            else { continue }
            return (type, Int(offset), Int(count))
        }
        return nil
    }

    private func texts(_ offset: Int, _ count: Int) -> [String] {
        guard offset < values.count else { return [] }
        var rest = values.dropFirst(offset)
        var found: [String] = []
        while found.count < min(count, Self.textLimit), let end = rest.firstIndex(of: 0) {
            found.append(String(decoding: rest[..<end], as: UTF8.self))
            rest = rest[(end + 1)...]
        }
        return found
    }
}
