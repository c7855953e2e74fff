/// Text that is safe to show: names, paths and arguments come from hosts that may lie.
public enum PlainText {
    /// `text` with everything that could steer a terminal replaced by a visible escape such as `\x1b` or `\u{202e}`.
    ///
    /// Control characters (C0, C1, DEL), line and paragraph separators, and invisible or direction-changing format
    /// characters are replaced; every other character stays.
    public static func neutralised(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0) || isMark($0) }) else { return text }
        var result = ""
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = isMark(scalar) ? marks + 1 : 0
            guard isUnsafe(scalar) || marks > markLimit else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let hex = String(scalar.value, radix: 16)
            result += scalar.value < 0x100 ? "\\x" + (hex.count < 2 ? "0" : "") + hex : "\\u{" + hex + "}"
        }
        return result
    }

    /// JSON with everything escaped that could steer a terminal or would not show: it means the same to whoever reads
    /// it as JSON.
    public static func escapedJSON(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(where: { $0 >= 0x7F }) else { return json }
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            guard scalar.value >= 0x7F, isUnsafe(scalar) else {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                continue
            }
            for unit in String(scalar).utf16 {
                let hex = String(unit, radix: 16)
                result +=
                    Array("\\u".utf8) + Array(repeating: UInt8(ascii: "0"), count: 4 - hex.count) + Array(hex.utf8)
            }
        }
        return result
    }

    /// The most combining marks on one character: more would cover what stands above and below.
    private static let markLimit = 4

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x300 { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return true
        default: return false
        }
    }

    /// Letters that show nothing: Hangul fillers, the empty Braille pattern, the Khmer inherent vowels, the grapheme
    /// joiner.
    private static let blanks: Set<UInt32> = [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x17B4, 0x17B5, 0x034F]

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        if blanks.contains(scalar.value) { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: return true
        default: return false
        }
    }

    /// Columns that `text` takes on a terminal: two for wide East Asian characters, none for combining marks.
    public static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// `text` cut to `columns` with `…` where it was cut: at the end, or in the front for paths, whose end tells more.
    public static func fitted(_ text: String, to columns: Int, keepingEnd: Bool = false) -> String {
        guard width(text) > columns else { return text }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        var kept: [Character] = []
        var used = 1
        for character in keepingEnd ? Array(text.reversed()) : Array(text) {
            let next = width(String(character))
            if used + next > columns { break }
            used += next
            kept.append(character)
        }
        return keepingEnd ? "…" + String(kept.reversed()) : String(kept) + "…"
    }
}
