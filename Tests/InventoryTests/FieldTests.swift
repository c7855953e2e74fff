import Foundation
import Report
import Testing

@testable import Inventory

@Suite("Columns of lists")
struct FieldTests {
    @Test("names are unique, sorted columns have indexes, every column has a help")
    func declarations() {
        for list in Catalog.current.all {
            #expect(Set(list.fields.map(\.name)).count == list.fields.count, "\(list.name)")
            #expect(Set(list.filters.map(\.name)).count == list.filters.count, "\(list.name)")
            for field in list.fields { #expect(field.help.hasSuffix("."), "\(list.name).\(field.name)") }
        }
    }

    /// A report in which every part has something.
    private static func report() throws -> Report {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "AgentTests/Golden")
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted()
                .max { size(folder, $0) < size(folder, $1) })
        return try Report.decode(json: Array(try Data(contentsOf: folder.appending(path: file))))
    }

    private static func size(_ folder: URL, _ name: String) -> Int {
        (try? Data(contentsOf: folder.appending(path: name)).count) ?? 0
    }

    @Test("a column names the parts of a report that it looks at: the parts alone give the same value")
    func needs() throws {
        let whole = try Self.report()
        let read = try Report.decode(json: try whole.json(.minified), Catalog.current.extent)
        #expect(whole.databases.count == read.databases.count && !whole.databases.isEmpty)
        for field in List.databases.fields {
            guard let value = field.observed?.value else { continue }
            #expect(whole.databases.map(value) == read.databases.map(value), "\(field.name): add needs:")
        }
    }
}
