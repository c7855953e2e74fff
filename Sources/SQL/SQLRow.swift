/// A row of an answer. Its values are read by their position.
package struct SQLRow: Sendable {
    /// The values, in the order of the columns.
    package let values: [SQLValue]

    package init(_ values: [SQLValue]) { self.values = values }

    /// The value of the column at `index`, from 0 on.
    ///
    /// - Throws: `SQLError` with the code `failed` for a value of another kind: the database was damaged, or written by
    ///   another program.
    package subscript<Value: SQLConvertible>(index: Int) -> Value {
        get throws {
            if let value = Value.from(values[index]) { return value }
            throw SQLError(.failed, "column \(index + 1) of a row has no \(Value.self)")
        }
    }
}
