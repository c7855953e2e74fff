/// Where an ELF file keeps its strings (elf(5)): the section `.rodata`, found by the section headers, nothing of it
/// run.
public enum ELF {
    /// A part of a file.
    public struct Part: Sendable, Equatable {
        /// Its first byte.
        public var offset: Int64
        /// How many bytes it has.
        public var size: Int64
    }

    private static let headerSize = 64
    private static let sectionHeaderSize = 64
    private static let programHeaderSize = 56
    private static let headerLimit = 4096
    private static let namesLimit = 1 << 20

    /// The read-only data of the 64-bit little-endian ELF file; without section headers, the segments that are loaded
    /// unwritable. Empty when the file is something else or its headers are invalid.
    public static func readOnlyData(_ file: OpenFile) throws(HostError) -> [Part] {
        let header = try file.read(at: 0, count: headerSize)
        guard header.count == headerSize, header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return [] }
        let size = try file.size()
        func inside(_ part: Part) -> Bool {
            part.size > 0 && part.offset >= 0 && part.offset <= size && part.size <= size - part.offset
        }
        let sections = try table(file, header, at: 40, entrySize: sectionHeaderSize, sizeAt: 58, countAt: 60)
        if let names = header.littleEndian(62, 2).map(Int.init), names < sections.count {
            let place = part(sections[names], 24, 32)
            let texts =
                inside(place) ? try file.read(at: place.offset, count: Int(min(place.size, Int64(namesLimit)))) : []
            let found = sections.filter { section in
                section.littleEndian(0, 4).map { texts.dropFirst(Int($0)).starts(with: Array(".rodata\0".utf8)) }
                    ?? false
            }.map { part($0, 24, 32) }.filter(inside)
            if !found.isEmpty { return found }
        }
        let segments = try table(file, header, at: 32, entrySize: programHeaderSize, sizeAt: 54, countAt: 56)
        let load: UInt64 = 1, writable: UInt64 = 2
        return segments.filter { $0.littleEndian(0, 4) == load && ($0.littleEndian(4, 4) ?? 0) & writable == 0 }
            .map { part($0, 8, 32) }.filter(inside)
    }

    private static func part(_ entry: ArraySlice<UInt8>, _ offset: Int, _ size: Int) -> Part {
        Part(
            offset: Int64(clamping: entry.littleEndian(offset, 8) ?? 0),
            size: Int64(clamping: entry.littleEndian(size, 8) ?? 0))
    }

    private static func table(
        _ file: OpenFile, _ header: [UInt8], at place: Int, entrySize: Int, sizeAt: Int, countAt: Int
    ) throws(HostError) -> [ArraySlice<UInt8>] {
        guard let offset = header.littleEndian(place, 8).map(Int64.init(clamping:)), offset > 0,
            header.littleEndian(sizeAt, 2) == UInt64(entrySize), let count = header.littleEndian(countAt, 2)
        else { return [] }
        let bytes = try file.read(at: offset, count: min(Int(count), headerLimit) * entrySize)
        return stride(from: 0, to: bytes.count - entrySize + 1, by: entrySize).map { bytes[$0..<$0 + entrySize] }
    }
}
