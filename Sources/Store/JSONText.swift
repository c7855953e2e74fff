import FoundationEssentials
import Report

/// JSON in text columns, written as in a report.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try Report.encoder(.minified).encode(value), as: UTF8.self)
    }
}
