import FoundationEssentials
import Inventory
import Report
import SQL

/// A condition as SQL. `sql("")` lets an index serve it; `sql("+")` keeps every index away from it.
struct Predicate: Sendable {
    var sql: @Sendable (_ prefix: String) -> String
    var arguments: SQLValues = []
    /// One value of one indexed column: the index gives its rows in the order of their row ids.
    var isIndexedEquality = false
    /// An index serves it.
    var isIndexed = true
    /// It is about a row that is joined to the list's own.
    var isJoined = false

    /// The most values of one condition.
    private static let valueLimit = 100

    /// Text that must be, or not be, one of the values between commas.
    static func text(_ condition: Condition, _ column: String, isIndexed: Bool) throws -> Predicate {
        let values = condition.value.parts(",")
        guard values.count <= valueLimit else { throw condition.refusal("at most \(valueLimit) values") }
        switch (condition.comparison, values.count) {
        case (.equal, 1):
            return Predicate(
                sql: { "\($0)\(column) = ?" }, arguments: values, isIndexedEquality: isIndexed, isIndexed: isIndexed)
        case (.equal, _):
            let marks = marks(values.count)
            return Predicate(sql: { "\($0)\(column) IN (\(marks))" }, arguments: values, isIndexed: isIndexed)
        case (.notEqual, _):
            let marks = marks(values.count)
            return Predicate(
                sql: { "(\($0)\(column) NOT IN (\(marks)) OR \(column) IS NULL)" }, arguments: values, isIndexed: false)
        default: throw condition.refusal("only = and != compare it")
        }
    }

    private static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

    /// A value that has an order; `convert` gives what the column holds.
    static func ordered(
        _ condition: Condition, _ column: String, isIndexed: Bool, _ help: String,
        convert: (String) -> (any SQLConvertible)?
    ) throws -> Predicate {
        guard let value = convert(condition.value) else { throw condition.refusal("invalid value. \(help)") }
        return Predicate(
            sql: { "\($0)\(column) \(condition.comparison.rawValue) ?" }, arguments: [value],
            isIndexedEquality: isIndexed && condition.comparison == .equal, isIndexed: isIndexed)
    }

    /// Bytes, or a number followed by KiB, MiB, GiB or TiB.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40]
        guard let number = Int64(digits), let shift = units[String(text.dropFirst(digits.count))],
            number <= Int64.max >> shift
        else { return nil }
        return number << shift
    }

    /// A host by its id, by one that it had, or by its name. A host that calls itself by another one's id does not
    /// answer to that id.
    static func host(_ condition: Condition, _ hostRow: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        return Predicate(
            sql: {
                """
                \($0)\(hostRow) IN (\(KnownHost.rowsOfID) UNION ALL
                    SELECT row_id FROM hosts WHERE hostname = ? AND NOT EXISTS (\(KnownHost.rowsOfID)))
                """
            }, arguments: Array(repeating: condition.value, count: 5))
    }

    /// Tags of EC2 and those set by hand: a key, or a key and its value with `=` between them.
    static func tag(_ condition: Condition, _ hostRow: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        let parts = condition.value.parts("=", most: 1)
        let value = parts.count == 2 ? " AND value = ?" : ""
        return Predicate(
            sql: {
                """
                \($0)\(hostRow) IN (SELECT host_row_id FROM host_tags WHERE key = ?\(value) UNION ALL
                    SELECT h.row_id FROM instance_tags t JOIN instances i ON i.row_id = t.instance_row_id
                        JOIN hosts h ON h.instance_id = i.id WHERE key = ?\(value))
                """
            }, arguments: parts + parts)
    }

    /// A tag of an instance that may never have reported, or of its host.
    static func instanceTag(_ condition: Condition, _ alias: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        let parts = condition.value.parts("=", most: 1)
        let value = parts.count == 2 ? " AND value = ?" : ""
        return Predicate(
            sql: { prefix in
                """
                (\(prefix)\(alias).row_id IN (SELECT instance_row_id FROM instance_tags WHERE key = ?\(value))
                    OR \(prefix)\(alias).id IN (SELECT h.instance_id FROM host_tags t
                        JOIN hosts h ON h.row_id = t.host_row_id WHERE key = ?\(value)))
                """
            }, arguments: parts + parts, isIndexed: false)
    }

    /// A tag of the account in a column.
    static func accountTag(_ condition: Condition, _ column: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        let parts = condition.value.parts("=", most: 1)
        let value = parts.count == 2 ? " AND value = ?" : ""
        return Predicate(
            sql: { "\($0)\(column) IN (SELECT account_id FROM account_tags WHERE key = ?\(value))" }, arguments: parts)
    }

    /// What Organizations knows of the account in a column.
    static func account(_ condition: Condition, _ column: String, _ name: String) throws -> Predicate {
        let inner = try text(condition, name, isIndexed: false)
        return Predicate(
            sql: { "\($0)\(column) IN (SELECT id FROM organization_accounts WHERE \(inner.sql("")))" },
            arguments: inner.arguments)
    }

    /// A run of discovery by its id.
    static func job(_ condition: Condition, _ alias: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        return Predicate(
            sql: { "\($0)\(alias).job_row_id = (SELECT row_id FROM jobs WHERE id = ?)" }, arguments: [condition.value],
            isIndexedEquality: true)
    }

    /// A database by its id.
    static func database(_ condition: Condition, _ alias: String) throws -> Predicate {
        guard condition.comparison == .equal else { throw condition.refusal("only = compares it") }
        guard let id = DatabaseID(condition.value) else { throw condition.refusal("invalid id") }
        return Predicate(
            sql: {
                """
                (\($0)\(alias).key = ? AND \($0)\(alias).place IN (\(KnownHost.placesOfID)))
                """
            }, arguments: [id.key, id.place, id.place, id.place])
    }
}

extension Condition {
    /// The error for a condition that a list does not take.
    func refusal(_ why: String) -> StoreError {
        StoreError(.badRequest, "\(field)\(comparison.rawValue)\(value.prefix(80)): \(why)")
    }
}
