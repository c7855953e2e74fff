/// Steps over JSON values without decoding them. It checks nothing: the JSON was decoded before, or will be.
public struct JSONScanner {
    private let bytes: [UInt8]
    private var index: Int

    /// Begins at the value at `index`.
    public init(_ bytes: [UInt8], from index: Int = 0) {
        self.bytes = bytes
        self.index = index
    }

    /// Calls `member` with the name and the place of each member of the object here.
    public mutating func object(_ member: (String, Range<Int>) -> Void) {
        guard next() == UInt8(ascii: "{") else { return }
        index += 1
        while next() == UInt8(ascii: "\"") {
            let start = index
            skip()
            let name = String(decoding: bytes[start + 1..<max(start + 1, index - 1)], as: UTF8.self)
            guard next() == UInt8(ascii: ":") else { return }
            index += 1
            _ = next()
            let place = index
            skip()
            guard index > place else { return }
            member(name, place..<index)
            guard next() == UInt8(ascii: ",") else { return }
            index += 1
        }
    }

    /// Calls `element` with the place of each element of the array here.
    public mutating func array(_ element: (Range<Int>) -> Void) {
        guard next() == UInt8(ascii: "[") else { return }
        index += 1
        while let byte = next(), byte != UInt8(ascii: "]") {
            let place = index
            skip()
            guard index > place else { return }
            element(place..<index)
            guard next() == UInt8(ascii: ",") else { return }
            index += 1
        }
    }

    /// The next byte that is no blank.
    private mutating func next() -> UInt8? {
        while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
        return index < bytes.count ? bytes[index] : nil
    }

    /// Goes behind the value here.
    private mutating func skip() {
        bytes.withUnsafeBufferPointer { bytes in
            var depth = 0
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "\""):
                    index += 1
                    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                    }
                    index = min(index + 1, bytes.count)
                    if depth == 0 { return }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return }
                    depth -= 1
                    if depth == 0 {
                        index += 1
                        return
                    }
                case UInt8(ascii: ","), UInt8(ascii: ":"): if depth == 0 { return }
                default: if depth == 0, byte <= 0x20 { return }
                }
                index += 1
            }
        }
    }
}
