import Inventory
import SQL

/// The statements that write databases, made once from the columns of the list `databases`.
struct DatabaseSQL: Sendable {
    let columns: HistoricalColumns
    /// The columns that make history, in their order.
    private let historical: String
    /// Reads what the writer compares with; a state begins at `stateAt`.
    let select: String
    /// The same for several places, each row with its place in the last column.
    let selectOfAny: String
    let insertion: String
    /// Writes a state, the key and the server's identity.
    let updating: String
    /// Copies a row into the history: the time since when it is missing, and its times as arguments.
    let history: String

    /// Where the state begins in a row of `select`.
    static let stateAt = 9

    init(_ catalog: Catalog) {
        columns = catalog.historical
        let names = columns.names
        // What versions are compared by stands in a column of its own.
        let keys = catalog.historical.versions.map { names[$0] + "_key" }
        historical = names.joined(separator: ", ")
        let compared = """
            row_id, key, server_identity, bytes, bytes_at, bytes_complete, last_seen, changed_at, owner_uid,
                \(historical)
            """
        select = "SELECT \(compared) FROM databases WHERE"
        selectOfAny = """
            SELECT \(compared), place FROM databases WHERE place = ANY(CAST(? AS BIGINT[])) ORDER BY place, row_id
            """
        let inserted =
            ["place", "key", "place_id", "hostname", "account_id", "region"] + names + keys + [
                "server_identity", "bytes", "bytes_complete", "first_seen", "last_seen", "changed_at", "owner_uid",
            ]
        let marks = Array(repeating: "?", count: inserted.count).joined(separator: ", ")
        insertion = "INSERT INTO databases (\(inserted.joined(separator: ", "))) VALUES (\(marks))"
        let set = (names + keys + ["key", "server_identity", "changed_at"]).map { "\($0) = ?" }
        updating = "UPDATE databases SET \(set.joined(separator: ", ")) WHERE place = ? AND row_id = ?"
        let copied = (["key"] + names.filter { $0 != "missing_since" } + keys).joined(separator: ", ")
        history = """
            INSERT INTO database_history (place, database_row_id, \(copied), missing_since, valid_from, valid_until)
            SELECT place, row_id, \(copied), ?, ?, ? FROM databases WHERE place = ? AND row_id = ?
            """
    }

    /// The values of a state, and of the keys that belong to it.
    func values(_ state: DatabaseState) -> SQLValues {
        let keys = columns.versions.map { state.values[$0].text.flatMap(VersionKey.of) }
        return state.values.map(\.argument) + keys
    }

    /// The state in the columns of `row` that begin at `first`.
    func state(_ row: SQLRow, from first: Int) -> DatabaseState {
        DatabaseState(columns, Value.all(row, from: first, flags: columns.flags))
    }

    /// The states of the databases that meet a condition, each with the values of the columns before it.
    func states(_ leading: String, where condition: String) -> String {
        "SELECT \(leading), \(historical) FROM databases WHERE \(condition)"
    }
}
