import Foundation
import Inventory
import SQL

/// The words by which hosts and databases are found.
///
/// SQLite's index keeps no text, so an entry is removed by its old words. PostgreSQL's has the words themselves. They
/// are made here as SQLite makes them, so that both find the same.
enum SearchText {
    static func of(_ host: KnownHost) -> String {
        joined([host.id, host.hostname, host.machineID, host.accountID, host.region])
    }

    static func of(_ place: PlaceRow, key: String, _ state: DatabaseState) -> String {
        let found = state.columns.searched.map { state.values[$0] }.filter { !$0.isNull }.map(\.csv)
        return joined([place.id, place.hostname, place.accountID, place.region, key] + found)
    }

    private static func joined(_ values: [String?]) -> String { values.compactMap { $0 }.joined(separator: "\n") }

    /// Replaces the words `old` of a host, nil for none, by `new`.
    static func replace(_ old: String?, _ new: String?, host row: Int64, _ database: any SQLConnection) throws {
        try replace(old, new, in: "search_hosts", ["row_id": row], database)
    }

    /// Replaces the words `old` of a database of a place, nil for none, by `new`.
    static func replace(
        _ old: String?, _ new: String?, database row: Int64, of place: Int64, _ database: any SQLConnection
    ) throws {
        try replace(old, new, in: "search_databases", ["row_id": row, "place": place], database)
    }

    private static func replace(
        _ old: String?, _ new: String?, in table: String, _ key: KeyValuePairs<String, Int64>,
        _ database: any SQLConnection
    ) throws {
        guard old != new else { return }
        let (rowID, names) = (key[0].value, key.map(\.key).joined(separator: ", "))
        switch database.dialect {
        case .sqlite:
            if let old {
                try database.run("INSERT INTO \(table) (\(table), rowid, text) VALUES ('delete', ?, ?)", [rowID, old])
            }
            if let new { try database.run("INSERT INTO \(table) (rowid, text) VALUES (?, ?)", [rowID, new]) }
        case .postgresql:
            let (marks, values) = (key.map { _ in "?" }.joined(separator: ", "), SQLValues(key.map(\.value)))
            guard let new else {
                return try database.post("DELETE FROM \(table) WHERE (\(names)) = (\(marks))", values)
            }
            try database.post(
                """
                INSERT INTO \(table) (\(names), words) VALUES (\(marks), array_to_tsvector(CAST(? AS TEXT[])))
                ON CONFLICT (\(names)) DO UPDATE SET words = excluded.words
                """, values + [array(of: new)])
        }
    }

    /// The words of a text as an array of PostgreSQL. In quotes, the word null is one.
    private static func array(of text: String) -> String {
        let words = Set(words(in: text).map(folded).filter { !$0.isEmpty })
        return "{" + words.sorted().map { "\"\($0)\"" }.joined(separator: ",") + "}"
    }

    /// Empties the index `table`.
    static func empty(_ table: String, _ database: any SQLConnection) throws {
        switch database.dialect {
        case .sqlite: try database.run("INSERT INTO \(table) (\(table)) VALUES ('delete-all')")
        case .postgresql: try database.run("DELETE FROM \(table)")
        }
    }

    /// The condition that a row of the index `table` meets a query of `match`.
    static func condition(_ table: String, _ dialect: Dialect) -> String {
        dialect == .sqlite ? "\(table) MATCH ?" : "\(table).words @@ CAST(? AS TSQUERY)"
    }

    /// A query of the index `table` for the words in `text`: all must be there.
    ///
    /// The last one may be a beginning of three letters or more, unless many entries have it whole: the rows of all
    /// words that begin so would have to be merged for every page.
    static func match(_ text: String, in table: String, _ database: any SQLConnection) throws -> String {
        var words = split(String(text.unicodeScalars.prefix(200)))
        let last = words.last ?? ""
        words.removeAll(where: \.isEmpty)
        guard !words.isEmpty else { throw StoreError(.badRequest, "the free text has no letter or digit") }
        let isSQLite = database.dialect == .sqlite
        func quoted(_ word: String) -> String { isSQLite ? "\"\(word)\"" : "'\(folded(word))'" }
        let query = words.map(quoted).joined(separator: isSQLite ? " AND " : " & ")
        guard last.count >= 3 else { return query }
        if last.count > 3 {
            let condition = condition(table, database.dialect)
            let sql = "SELECT 1 FROM \(table) WHERE \(condition) LIMIT 1 OFFSET \(ListReader.few)"
            if try database.exists(sql, [quoted(last)]) { return query }
        }
        return query + (isSQLite ? "*" : ":*")
    }

    /// The words of a text, as SQLite's tokenizer `unicode61` parts them.
    private static func words(in text: String) -> [String] { split(text).filter { !$0.isEmpty } }

    /// The words, and an empty one wherever one ends.
    private static func split(_ text: String) -> [String] {
        var words: [String] = [""]
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark: continue
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber,
                .otherNumber where isKnown(scalar):
                words[words.count - 1].unicodeScalars.append(scalar)
            default: words.append("")
            }
        }
        return words
    }

    /// A word without accents and capital letters, at most as long as PostgreSQL keeps one.
    private static func folded(_ word: String) -> String {
        var folded = ""
        for scalar in word.decomposedStringWithCanonicalMapping.unicodeScalars
        where scalar.properties.generalCategory != .nonspacingMark {
            folded += scalar.properties.lowercaseMapping
        }
        while folded.utf8.count > 2_000 { folded.unicodeScalars.removeLast() }
        return folded
    }

    /// The tokenizer knows the characters of Unicode 6.1; what came later parts words.
    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { ($0.major, $0.minor) <= (6, 1) } ?? false
    }
}
