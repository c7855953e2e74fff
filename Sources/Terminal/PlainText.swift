/// Text that is safe to show: names, paths and arguments come from hosts that may lie.
public enum PlainText {
    /// `text` with everything that could steer a terminal replaced by a visible escape such as `\x1b` or `\u{202e}`.
    ///
    /// Control characters (C0, C1, DEL), line and paragraph separators, and invisible or direction-changing format
    /// characters are replaced; every other character stays.
    public static func neutralised(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            guard isUnsafe(scalar) else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let hex = String(scalar.value, radix: 16)
            result += scalar.value < 0x100 ? "\\x" + (hex.count < 2 ? "0" : "") + hex : "\\u{" + hex + "}"
        }
        return result
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
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
