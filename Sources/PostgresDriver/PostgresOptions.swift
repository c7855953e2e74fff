/// How a PostgreSQL server is reached.
package struct PostgresOptions: Sendable {
    /// `postgresql://user@host1,host2/database?sslmode=verify-full`, with everything that libpq takes there:
    /// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
    package var address: String
    /// Asked for each new connection; nil leaves it to the address and libpq's own sources.
    package var password: (@Sendable () throws -> String?)?
    /// Keep statements prepared. A pooler that gives a connection to others after each transaction may not allow it.
    package var preparesStatements = true
    /// The most connections that read at the same time; one more writes.
    package var readers = 8
    /// Seconds that one statement may take.
    package var statementTimeout = 60.0

    package init(address: String) { self.address = address }
}
