/// Checks that bytes are one JSON text (RFC 8259), without building its values.
enum JSONSyntax {
    /// Deeper nesting is refused.
    private static let depthLimit = 64

    /// Whether `bytes` are UTF-8 and one JSON value, with blanks around it.
    static func isValid(_ bytes: [UInt8]) -> Bool {
        guard (try? UTF8Span(validating: bytes.span)) != nil else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            var reader = Reader(bytes: bytes)
            return reader.value(depth: 0) && reader.next() == nil
        }
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var index = 0

        init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

        /// The next byte that is no blank; nil at the end.
        mutating func next() -> UInt8? {
            while index < bytes.count {
                let byte = bytes[index]
                guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
                index += 1
            }
            return nil
        }

        mutating func value(depth: Int) -> Bool {
            guard depth < depthLimit, let first = next() else { return false }
            switch first {
            case UInt8(ascii: "{"): return list(UInt8(ascii: "}"), depth) { $0.member(depth) }
            case UInt8(ascii: "["): return list(UInt8(ascii: "]"), depth) { $0.value(depth: depth + 1) }
            case UInt8(ascii: "\""): return string()
            case UInt8(ascii: "t"): return word("true")
            case UInt8(ascii: "f"): return word("false")
            case UInt8(ascii: "n"): return word("null")
            default: return number()
            }
        }

        private mutating func list(_ end: UInt8, _ depth: Int, _ element: (inout Reader) -> Bool) -> Bool {
            index += 1
            if next() == end {
                index += 1
                return true
            }
            while element(&self), let byte = next() {
                index += 1
                if byte == end { return true }
                guard byte == UInt8(ascii: ",") else { return false }
            }
            return false
        }

        private mutating func member(_ depth: Int) -> Bool {
            guard next() == UInt8(ascii: "\""), string(), next() == UInt8(ascii: ":") else { return false }
            index += 1
            return value(depth: depth + 1)
        }

        private mutating func string() -> Bool {
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return true }
                guard byte >= 0x20 else { return false }
                if byte == UInt8(ascii: "\\") {
                    guard escape() else { return false }
                }
            }
            return false
        }

        private mutating func escape() -> Bool {
            guard index < bytes.count else { return false }
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                return true
            case UInt8(ascii: "u"):
                guard index + 4 <= bytes.count else { return false }
                defer { index += 4 }
                return (index..<index + 4).allSatisfy { isHex(bytes[$0]) }
            default: return false
            }
        }

        private func isHex(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
        }

        private mutating func word(_ text: StaticString) -> Bool {
            let end = index + text.utf8CodeUnitCount
            guard end <= bytes.count else { return false }
            for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] {
                return false
            }
            index = end
            return true
        }

        private mutating func digits() -> Int {
            let start = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
            return index - start
        }

        private mutating func number() -> Bool {
            func at(_ byte: UInt8) -> Bool { index < bytes.count && bytes[index] == byte }
            if at(UInt8(ascii: "-")) { index += 1 }
            if at(UInt8(ascii: "0")) { index += 1 } else if digits() == 0 { return false }
            if at(UInt8(ascii: ".")) {
                index += 1
                if digits() == 0 { return false }
            }
            if at(UInt8(ascii: "e")) || at(UInt8(ascii: "E")) {
                index += 1
                if at(UInt8(ascii: "+")) || at(UInt8(ascii: "-")) { index += 1 }
                if digits() == 0 { return false }
            }
            return true
        }
    }
}
