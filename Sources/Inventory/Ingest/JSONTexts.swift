/// Splits bytes that hold several JSON texts, a line each or one after the other, at their outermost brackets.
enum JSONTexts {
    /// One text and where it begins.
    struct Text {
        var offset: Int
        var bytes: ArraySlice<UInt8>
    }

    /// The texts; what stands between them and is not blank is a text of its own, which will not parse.
    ///
    /// With more than `most` the rest is not looked at.
    static func split(_ bytes: [UInt8], most: Int = .max) -> [Text] { split(bytes[...], atLines: false, most: most) }

    /// The texts in one that did not parse: a bracket at the beginning of a line begins a new one, whatever was open.
    ///
    /// A text that was cut leaves its brackets open, and would swallow the good ones behind it.
    static func resplit(_ text: Text) -> [Text] { split(text.bytes, atLines: true) }

    private static func split(_ bytes: ArraySlice<UInt8>, atLines: Bool, most: Int = .max) -> [Text] {
        var texts: [Text] = []
        var start: Int?
        var depth = 0
        var inString = false
        var escaped = false
        var previous = UInt8(ascii: "\n")
        for index in bytes.indices {
            let byte = bytes[index]
            let beginsLine = previous == UInt8(ascii: "\n") && (byte == UInt8(ascii: "{") || byte == UInt8(ascii: "["))
            previous = byte
            if atLines, beginsLine, let begin = start {
                texts.append(Text(offset: begin, bytes: bytes[begin..<index]))
                (start, depth, inString, escaped) = (nil, 0, false, false)
            }
            if start == nil {
                if byte <= 0x20 { continue }
                start = index
            }
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            let isOutside =
                depth <= 0 && (byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]"))
            if isOutside, let begin = start {
                texts.append(Text(offset: begin, bytes: bytes[begin...index]))
                if texts.count > most { return texts }
                start = nil
                depth = 0
            }
        }
        if let begin = start { texts.append(Text(offset: begin, bytes: bytes[begin...])) }
        return texts
    }
}
