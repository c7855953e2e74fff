import FoundationEssentials
import Report

/// Where a page ended: the order it was read in, the last row's value, and its id.
public struct PageCursor: Codable, Sendable {
    /// The order, as the request named it.
    public var sort: String
    /// The last row's value in the column of the order; nil where the rows without a value are read.
    public var value: Value?
    /// The last row's id.
    public var row: Int64

    /// A text or a number.
    public enum Value: Codable, Sendable {
        case integer(Int64)
        case text(String)
    }

    /// A place in a list.
    public init(sort: String, value: Value?, row: Int64) {
        self.sort = sort
        self.value = value
        self.row = row
    }

    /// The place in the text of a cursor.
    ///
    /// - Throws: `StoreError` with the code `badCursor` for another text, and for a cursor of another order.
    public init(_ text: String, sort: String) throws(StoreError) {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: plain + padding),
            let cursor = try? JSONDecoder().decode(Self.self, from: data)
        else { throw StoreError(.badCursor, "invalid cursor: use the next_cursor of a page of this list") }
        guard cursor.sort == sort else {
            throw StoreError(
                .badCursor, "the cursor belongs to another order: leave it out, or sort by \(cursor.sort.prefix(80))")
        }
        self = cursor
    }

    /// The cursor as text for a URL: base64url of its JSON.
    public func encoded() throws -> String {
        let data = Data(try Report.encoder(.minified).encode(self))
        return data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
