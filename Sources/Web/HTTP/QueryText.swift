import Foundation
import Inventory

/// Queries in which a comparison may take the place of `=`: `version<8` means `version=<8`.
enum QueryText {
    /// The pairs in a query, decoded; nil when a percent sign begins no valid code.
    static func parse(_ query: String) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in query.parts("&") where !part.isEmpty {
            guard let text = part.replacing("+", with: " ").removingPercentEncoding, !text.utf8.contains(0) else {
                return nil
            }
            guard let end = text.unicodeScalars.firstIndex(where: { "<>!=".unicodeScalars.contains($0) }) else {
                pairs.append((text, ""))
                continue
            }
            let value = text.unicodeScalars[end...]
            pairs.append((String(text[..<end]), String(value.first == "=" ? value.dropFirst() : value)))
        }
        return pairs
    }
}
