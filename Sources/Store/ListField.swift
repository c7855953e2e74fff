import FoundationEssentials
import GRDB
import Report

/// A condition as SQL. `sql("")` lets an index serve it; `sql("+")` keeps every index away from it.
struct Predicate: Sendable {
    var sql: @Sendable (_ prefix: String) -> String
    var arguments: [any DatabaseValueConvertible & Sendable]
    /// One value of one indexed column: the index gives its rows in the order of their row ids.
    var isPoint = false
    /// An index serves it.
    var isIndexed = true
    /// It is about a row that is joined to the list's own.
    var isJoined = false
}

/// A field that a list can be asked by.
struct ListField: Sendable {
    /// Its name in the API.
    var name: String
    /// One sentence for the reference.
    var help: String
    /// Makes SQL of a condition; throws `StoreError` with the code `badRequest` when the value makes no sense.
    var predicate: @Sendable (Condition) throws -> Predicate

    /// The most values of one condition.
    private static let valueLimit = 100

    /// The same field of a row that is joined to the list's own.
    var joined: ListField { changed { $0.isJoined = true } }

    /// The same field where no index serves it.
    var unindexed: ListField { changed { ($0.isIndexed, $0.isPoint) = (false, false) } }

    private func changed(_ change: @escaping @Sendable (inout Predicate) -> Void) -> ListField {
        ListField(name: name, help: help) { [predicate] condition in
            var changed = try predicate(condition)
            change(&changed)
            return changed
        }
    }

    private static let inverse: [Condition.Comparison: String] = [.equal: "IN", .notEqual: "NOT IN"]

    /// Text that must be, or not be, one of the values between commas.
    static func text(_ name: String, _ column: String, isIndexed: Bool = true, _ help: String) -> ListField {
        ListField(name: name, help: help) { condition in
            let values = condition.value.parts(",")
            guard values.count <= valueLimit else { throw refusal(condition, "more than \(valueLimit) values") }
            guard let word = inverse[condition.comparison] else { throw refusal(condition, "only = and != compare it") }
            if values.count == 1, condition.comparison == .equal {
                return Predicate(
                    sql: { "\($0)\(column) = ?" }, arguments: values, isPoint: isIndexed, isIndexed: isIndexed)
            }
            let marks = values.map { _ in "?" }.joined(separator: ", ")
            let isNegative = condition.comparison == .notEqual
            return Predicate(
                sql: {
                    isNegative
                        ? "(\($0)\(column) \(word) (\(marks)) OR \(column) IS NULL)" : "\($0)\(column) IN (\(marks))"
                },
                arguments: values, isIndexed: isIndexed && !isNegative)
        }
    }

    /// A value that has an order; `convert` gives what the column holds.
    static func ordered(
        _ name: String, _ column: String, _ help: String,
        convert: @escaping @Sendable (String) -> (any DatabaseValueConvertible & Sendable)?
    ) -> ListField {
        ListField(name: name, help: help) { condition in
            guard let value = convert(condition.value) else { throw refusal(condition, "not such a value: \(help)") }
            let isEqual = condition.comparison == .equal
            return Predicate(
                sql: { "\($0)\(column) \(condition.comparison.rawValue) ?" }, arguments: [value], isPoint: isEqual)
        }
    }

    /// A time, as `TimeText` reads it.
    static func time(_ name: String, _ column: String, _ help: String) -> ListField {
        ordered(name, column, help) { TimeText.parse($0).map(Timestamp.format) }
    }

    /// A size: bytes, or a number with KiB, MiB, GiB or TiB behind it.
    static func size(_ name: String, _ column: String, _ help: String) -> ListField {
        ordered(name, column, help) { text in
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            let units = ["": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40]
            guard let number = Int64(digits), let shift = units[String(text.dropFirst(digits.count))],
                number <= Int64.max >> shift
            else { return nil }
            return number << shift
        }
    }

    /// SQL of its own, with one value as often as the SQL has marks.
    static func custom(
        _ name: String, _ help: String, isIndexed: Bool = true, sql: @escaping @Sendable (String) -> String,
        values: @escaping @Sendable (String) -> [String]?
    ) -> ListField {
        ListField(name: name, help: help) { condition in
            guard condition.comparison == .equal else { throw refusal(condition, "only = compares it") }
            guard let values = values(condition.value) else { throw refusal(condition, "not such a value") }
            return Predicate(sql: sql, arguments: values, isIndexed: isIndexed)
        }
    }

    /// The same field, of which only some values make sense.
    func only(_ values: [String]) -> ListField {
        ListField(name: name, help: help) { [predicate] condition in
            guard condition.value.parts(",").allSatisfy(values.contains) else {
                throw Self.refusal(condition, "there are \(values.joined(separator: ", "))")
            }
            return try predicate(condition)
        }
    }

    static func refusal(_ condition: Condition, _ why: String) -> StoreError {
        StoreError(
            .badRequest, "\(condition.field)\(condition.comparison.rawValue)\(condition.value.prefix(80)): \(why)")
    }
}
