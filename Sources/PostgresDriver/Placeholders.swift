/// A statement's text as PostgreSQL takes it.
enum Placeholders {
    /// `sql` with `$1`, `$2`, … for each `?` that is in no quotes and in no comment.
    static func numbered(_ sql: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(sql.utf8.count + 16)
        var quote: UInt8?
        var isComment = false
        var previous: UInt8 = 0
        var number = 0
        for byte in sql.utf8 {
            if isComment {
                isComment = byte != UInt8(ascii: "\n")
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "-"), previous == byte {
                isComment = true
            } else if byte == UInt8(ascii: "?") {
                number += 1
                text.append(UInt8(ascii: "$"))
                text.append(contentsOf: String(number).utf8)
                previous = byte
                continue
            }
            text.append(byte)
            previous = byte
        }
        return String(decoding: text, as: UTF8.self)
    }
}
