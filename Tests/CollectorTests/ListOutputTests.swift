import Inventory
import Testing

@testable import Collector

@Suite("Lists as JSON and as a table")
struct ListOutputTests {
    @Test("JSON has the items and a next_cursor, null at the end")
    func json() throws {
        let text = try JSONText.of(Page<ListRow>(items: [], next_cursor: nil))
        #expect(text.contains("\"items\"") && text.contains("\"next_cursor\" : null"))
    }

    @Test("the table follows from the columns: order, sizes, missing values, hostile names")
    func table() {
        var values: [String: Value] = [
            "hostname": "db1\u{1b}[31m", "engine": "mysql", "version": "8", "version_precision": "major",
            "state": "running", "address": "::", "port": 3306, "bytes": 1536, "bytes_complete": false,
        ]
        func lines() -> [String] {
            let row = ListRow(.databases, List.databases.fields.map { values[$0.name] ?? .null })
            return ListTable.text(.databases, [row]).split(separator: "\n").map(String.init)
        }
        #expect(lines()[0].split(separator: " ").first == "HOST" && lines()[0].hasSuffix("DATA DIRECTORY"))
        #expect(lines()[1].hasPrefix("db1\\x1b[31m  mysql   8.?      running  [::]:3306  -"))
        #expect(lines()[1].contains("> 1.5 KiB"))
        values["missing_since"] = "2026-11-01T00:00:00.000Z"
        #expect(lines()[1].contains("missing"))
        #expect(ListTable.text(.databases, []) == "No such database is known.\n")
    }
}
