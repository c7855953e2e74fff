import Foundation
import Testing

@testable import Inventory

@Suite("JSON syntax")
struct JSONSyntaxTests {
    // Foundation also reads a comma before a closing bracket; such a report is decoded, and not looked over.
    @Test(
        "what JSONSerialization reads is valid, and nothing else",
        arguments: [
            "{}", "[]", " {\"a\" : [1, -2.5e+3, true, false, null, \"\\u00e9\\n\"]} ", "0", "\"\"", "[[[]]]", "-0",
            "1E5",
            "", "{", "{\"a\"}", "{\"a\":}", "[1 2]", "{a:1}", "01", "1.", "-", "+1", ".5", "tru",
            "nul", "\"\\x\"", "\"\\u12g4\"", "\"a", "{}{}", "[}", "\"\u{1}\"", "1e", "{\"a\":1 \"b\":2}", "'a'", "[,]",
        ])
    func agrees(text: String) {
        let known = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        #expect(JSONSyntax.isValid(Array(text.utf8)) == (known != nil))
    }

    @Test("invalid UTF-8 and deep nesting are refused")
    func refused() {
        #expect(!JSONSyntax.isValid([0x22, 0xFF, 0x22]))
        #expect(
            JSONSyntax.isValid(
                Array(String(repeating: "[", count: 60).utf8) + Array(String(repeating: "]", count: 60).utf8)))
        #expect(!JSONSyntax.isValid(Array(String(repeating: "[", count: 9_999).utf8)))
    }
}
