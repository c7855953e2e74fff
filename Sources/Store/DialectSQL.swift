import Inventory
import SQL

/// The few texts that differ between engines.
extension Dialect {
    /// In front of a column it keeps indexes away from a condition. PostgreSQL's planner decides by its statistics.
    var unindexed: String { self == .sqlite ? "+" : "" }

    /// Joins a second table so that the rows come in the order of the first. PostgreSQL's planner sees to that.
    var orderedJoin: String { self == .sqlite ? "CROSS JOIN" : "JOIN" }

    /// The column of an index of words with the number of the row that has the words.
    var wordsRow: String { self == .sqlite ? "rowid" : "row_id" }

    /// All values of a group in one text, with commas between them.
    func joined(_ column: String) -> String {
        self == .sqlite ? "GROUP_CONCAT(\(column))" : "STRING_AGG(\(column), ',')"
    }

    /// A sum that stays within 64 bits; 0 of nothing.
    func total(_ value: String) -> String {
        switch self {
        case .sqlite: "CAST(TOTAL(\(value)) AS INTEGER)"
        case .postgresql: "CAST(LEAST(COALESCE(SUM(\(value)), 0), \(Int64.max)) AS BIGINT)"
        }
    }

    /// A JSON object as text, without spaces.
    func object(_ members: [(name: String, sql: String, isFlag: Bool)]) -> String {
        switch self {
        case .sqlite:
            let values = members.map { name, sql, isFlag in
                let value = isFlag ? "json(CASE \(sql) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)" : sql
                return "'\(name)', \(value)"
            }
            return "json_object(\(values.joined(separator: ", ")))"
        case .postgresql:
            // Not row_to_json of a subquery: a distributed database knows no subquery without a table.
            let values = members.enumerated().map { index, member in
                let value = member.sql == "NULL" ? "'null'" : "COALESCE(CAST(to_json(\(member.sql)) AS TEXT), 'null')"
                return "'\(index == 0 ? "{" : ",")\"\(member.name)\":', \(value)"
            }
            // A function takes at most 100 arguments.
            let parts = stride(from: 0, to: values.count, by: 40).map { start in
                "CONCAT(\(values[start..<min(start + 40, values.count)].joined(separator: ", ")))"
            }
            return "(\(parts.joined(separator: " || ")) || '}')"
        }
    }

    /// Compares a column with `pattern(of:)`, capital letters apart from small ones.
    func matches(_ column: String) -> String { self == .sqlite ? "\(column) GLOB ?" : "\(column) LIKE ? ESCAPE '!'" }

    /// The pattern for a text in which `*` stands for any characters.
    func pattern(of text: String) -> String {
        switch self {
        case .sqlite: text.replacing("[", with: "[[]").replacing("?", with: "[?]")
        case .postgresql:
            text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
                .replacing("*", with: "%")
        }
    }
}
