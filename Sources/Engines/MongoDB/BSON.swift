import HostView

/// The part of BSON (bsonspec.org) that it takes to look values up by name, on bytes that may lie about their lengths.
struct BSONDocument {
    private let bytes: ArraySlice<UInt8>
    private static let elementLimit = 10_000

    /// The document that `bytes` begin with; nil when its length is invalid.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let length = Self.int32(bytes, at: bytes.startIndex), length >= 5, length <= bytes.count else {
            return nil
        }
        self.bytes = bytes[bytes.startIndex..<bytes.startIndex + length]
    }

    /// The string at `path`; nil when it is not there or is something else.
    func string(_ path: String...) -> String? { string(path) }

    /// As above.
    func string(_ path: [String]) -> String? {
        guard let (type, value) = element(path), type == 0x02 else { return nil }
        return String(decoding: value.dropFirst(4).dropLast(), as: UTF8.self)
    }

    /// The whole number at `path`, of 32 or 64 bits.
    func integer(_ path: [String]) -> Int64? {
        guard let (type, value) = element(path), type == 0x10 || type == 0x12 else { return nil }
        let size = type == 0x10 ? 4 : 8
        return value.littleEndian(0, size).map {
            size == 4 ? Int64(Int32(truncatingIfNeeded: $0)) : Int64(bitPattern: $0)
        }
    }

    /// The date at `path`, in milliseconds since 1970.
    func date(_ path: [String]) -> Int64? {
        guard let (type, value) = element(path), type == 0x09 else { return nil }
        return value.littleEndian(0, 8).map { Int64(bitPattern: $0) }
    }

    /// The bytes of the binary value at `path`.
    func binary(_ path: [String]) -> ArraySlice<UInt8>? {
        guard let (type, value) = element(path), type == 0x05 else { return nil }
        return value.dropFirst(5)
    }

    /// The bytes that the document takes.
    var size: Int { bytes.count }

    private func element(_ path: [String]) -> (type: UInt8, value: ArraySlice<UInt8>)? {
        guard let last = path.last else { return nil }
        var document = self
        for name in path.dropLast() {
            guard let (type, value) = document.element(name), type == 0x03, let inner = BSONDocument(value) else {
                return nil
            }
            document = inner
        }
        return document.element(last)
    }

    /// The element `name`: its type and the bytes of its value.
    private func element(_ name: String) -> (type: UInt8, value: ArraySlice<UInt8>)? {
        var position = bytes.startIndex + 4
        var seen = 0
        while position < bytes.endIndex, bytes[position] != 0, seen < Self.elementLimit {
            seen += 1
            let type = bytes[position]
            guard let nameEnd = bytes[(position + 1)...].firstIndex(of: 0),
                let size = Self.size(of: type, bytes[(nameEnd + 1)...]), size <= bytes.endIndex - nameEnd - 1
            else { return nil }
            let value = bytes[(nameEnd + 1)..<(nameEnd + 1 + size)]
            if bytes[(position + 1)..<nameEnd].elementsEqual(name.utf8) { return (type, value) }
            position = nameEnd + 1 + size
        }
        return nil
    }

    /// Bytes that a value of `type` takes at the front of `bytes`; nil for an unknown type or a length that makes no
    /// sense.
    private static func size(of type: UInt8, _ bytes: ArraySlice<UInt8>) -> Int? {
        func counted(_ extra: Int) -> Int? {
            guard let length = int32(bytes, at: bytes.startIndex), length >= 0 else { return nil }
            return length + extra
        }
        switch type {
        case 0x01, 0x09, 0x11, 0x12: return 8
        case 0x02, 0x0D, 0x0E: return counted(4).flatMap { $0 > 4 ? $0 : nil }
        case 0x03, 0x04: return counted(0).flatMap { $0 >= 5 ? $0 : nil }
        case 0x05: return counted(5)
        case 0x06, 0x0A, 0x7F, 0xFF: return 0
        case 0x07: return 12
        case 0x08: return 1
        case 0x0B:
            guard let first = bytes.firstIndex(of: 0), let second = bytes[(first + 1)...].firstIndex(of: 0) else {
                return nil
            }
            return second + 1 - bytes.startIndex
        case 0x0C: return counted(16)
        case 0x0F: return counted(0)
        case 0x10: return 4
        case 0x13: return 16
        default: return nil
        }
    }

    private static func int32(_ bytes: ArraySlice<UInt8>, at index: Int) -> Int? {
        bytes.littleEndian(index - bytes.startIndex, 4).map { Int(Int32(truncatingIfNeeded: $0)) }
    }
}
