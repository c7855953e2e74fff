import Terminal
import Testing

@Suite("Text for terminals")
struct TerminalTests {
    @Test("nothing that could steer a terminal gets through")
    func neutralised() {
        #expect(
            PlainText.neutralised("a\u{1B}[31mred\u{7}\r\n\u{9B}x\u{7F}") == "a\\x1b[31mred\\x07\\x0d\\x0a\\x9bx\\x7f")
        #expect(PlainText.neutralised("abc\u{202E}cba\u{200B}") == "abc\\u{202e}cba\\u{200b}")
        #expect(PlainText.neutralised("naïve 日本 …") == "naïve 日本 …")
    }

    @Test("wide characters take two columns, combining ones none")
    func width() {
        #expect(PlainText.width("日本") == 4)
        #expect(PlainText.width("e\u{301}") == 1)
        #expect(PlainText.fitted("日本語テキスト", to: 7) == "日本語…")
        #expect(PlainText.fitted("/var/lib/mysql", to: 8, keepingEnd: true) == "…b/mysql")
    }

    @Test("a table fits, hostile cells and all")
    func table() {
        var table = Table([.init("NAME", fit: .cutEnd), .init("SIZE", right: true), .init("PATH", fit: .cutFront)])
        table.add(["evil\u{1B}[2J\n", "1", String(repeating: "/long", count: 100)])
        table.add([String(repeating: "日", count: 100), "22", "/x"])
        let lines = table.lines(width: 40)
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { PlainText.width($0) <= 40 })
        #expect(lines.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
    }

    @Test("columns that matter less go where there is no room; headings are cut at their end")
    func dropped() {
        var table = Table([
            .init("HOST", fit: .cutEnd), .init("STATE", drop: 2), .init("ROLE", drop: 1),
            .init("DIRECTORY", fit: .cutFront),
        ])
        table.add(["db-1.example.com", "running", "standalone", "/var/lib/postgresql/16/main"])
        #expect(table.lines(width: 80)[0].split(separator: " ") == ["HOST", "STATE", "ROLE", "DIRECTORY"])
        #expect(table.lines(width: 40)[0].split(separator: " ") == ["HOST", "STATE", "DIRECTORY"])
        #expect(table.lines(width: 24)[0].split(separator: " ") == ["HOST", "DIRECTORY"])
        #expect(table.lines(width: 16).map { PlainText.width($0) }.max() ?? 0 <= 16)
        #expect(table.lines(width: 16)[0].hasSuffix("DIRECT…"))
    }

    @Test("text is wrapped at blanks, and a long word where it must be")
    func wrapped() {
        #expect(PlainText.wrapped("one two three", width: 7) == ["one two", "three"])
        #expect(PlainText.wrapped("abcdefghij", width: 4) == ["abcd", "efgh", "ij"])
        #expect(PlainText.wrapped("", width: 4) == [""])
    }

    @Test(
        "bytes in people's units",
        arguments: [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (330_301_440, "315 MiB"), (1 << 40, "1.0 TiB")])
    func bytes(count: Int64, text: String) { #expect(Units.bytes(count) == text) }
}
