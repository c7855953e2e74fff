/// The lines of a configuration file that say something.
///
/// Works on bytes: sample configuration files are mostly comments, and Swift's characters are too dear for those.
enum ConfigurationLines {
    /// The most bytes of a line that is read; MySQL itself takes 4 KiB.
    static let lineLimit = 16 << 10

    /// Whether a line of `bytes` is longer than what is read.
    static func cut(_ bytes: [UInt8]) -> Bool {
        bytes.count > lineLimit
            && bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }).contains {
                $0.count > lineLimit
            }
    }

    /// The lines of `text` without their ends; blank ones and those that begin with one of `comments` are left out.
    static func significant(in text: String, comments: Set<UInt8> = [UInt8(ascii: "#")]) -> [Substring] {
        var text = text
        text.makeContiguousUTF8()
        return text.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.compactMap { line in
            guard let first = line.first(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }),
                !comments.contains(first), line.count <= lineLimit
            else { return nil }
            return Substring(line)
        }
    }

    /// `text` without blanks around it.
    static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// `text` without blanks and without one pair of quotes around it.
    static func unquoted(_ text: Substring) -> String {
        let text = trimmed(text)
        if let quote = text.first, quote == "\"" || quote == "'", text.count > 1, text.last == quote {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }

    /// `line` up to a `#` outside quotes that follows a blank.
    static func withoutComment(_ line: Substring) -> Substring {
        var quote: Character?
        var previous: Character = " "
        for index in line.indices {
            let character = line[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "#", previous.isWhitespace {
                return line[..<index]
            }
            previous = character
        }
        return line
    }
}
