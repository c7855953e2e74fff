extension PlainText {
    /// `text`, neutralised, in lines of at most `width` columns, broken at blanks; a longer word is broken where it
    /// must be.
    public static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        func finish() {
            lines.append(line)
            line = ""
        }
        for word in neutralised(text).split(separator: " ", omittingEmptySubsequences: true) {
            if !line.isEmpty, self.width(line) + 1 + self.width(String(word)) > width { finish() }
            if !line.isEmpty { line += " " }
            for character in word {
                if self.width(line) + self.width(String(character)) > width { finish() }
                line.append(character)
            }
        }
        if !line.isEmpty || lines.isEmpty { finish() }
        return lines
    }
}
