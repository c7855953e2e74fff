import GRDB
import Inventory

/// The words by which hosts and databases are found. The index keeps no text, so an entry is removed by its old words.
enum SearchText {
    static func of(_ host: KnownHost) -> String {
        words([host.id, host.hostname, host.machineID, host.accountID, host.region])
    }

    static func of(_ place: PlaceRow, key: String, _ state: DatabaseState) -> String {
        let found = state.columns.searched.map { state.values[$0] }.filter { !$0.isNull }.map(\.csv)
        return words([place.id, place.hostname, place.accountID, place.region, key] + found)
    }

    private static func words(_ values: [String?]) -> String { values.compactMap { $0 }.joined(separator: "\n") }

    /// Replaces the words `old` of the row, nil for none, by `new`, in the index `table`.
    static func replace(
        _ old: String?, _ new: String?, in table: String, _ rowID: Int64, _ database: Database
    ) throws {
        guard old != new else { return }
        if let old {
            try database.cachedStatement(
                sql: "INSERT INTO \(table) (\(table), rowid, text) VALUES ('delete', ?, ?)"
            ).execute(arguments: [rowID, old])
        }
        guard let new else { return }
        try database.cachedStatement(sql: "INSERT INTO \(table) (rowid, text) VALUES (?, ?)")
            .execute(arguments: [rowID, new])
    }

    /// A query of the index `table` for the words in `text`: all must be there.
    ///
    /// The last one may be a beginning of three letters or more, unless many entries have it whole: the rows of all
    /// words that begin so would have to be merged for every page.
    static func match(_ text: String, in table: String, _ database: Database) throws -> String {
        var words: [String] = [""]
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .nonspacingMark: continue
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber,
                .otherNumber where isKnown(scalar):
                words[words.count - 1].unicodeScalars.append(scalar)
            default: words.append("")
            }
        }
        let last = words.last ?? ""
        words.removeAll(where: \.isEmpty)
        guard !words.isEmpty else { throw StoreError(.badRequest, "the free text has no letter or digit") }
        let query = words.map { "\"\($0)\"" }.joined(separator: " AND ")
        guard last.count >= 3 else { return query }
        if last.count > 3 {
            let sql = "SELECT 1 FROM \(table) WHERE \(table) MATCH ? LIMIT 1 OFFSET \(ListReader.few)"
            let isFrequent = try Int.fetchOne(database.cachedStatement(sql: sql), arguments: ["\"\(last)\""]) != nil
            if isFrequent { return query }
        }
        return query + "*"
    }

    /// The tokenizer knows the characters of Unicode 6.1; what came later parts words.
    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { ($0.major, $0.minor) <= (6, 1) } ?? false
    }
}
