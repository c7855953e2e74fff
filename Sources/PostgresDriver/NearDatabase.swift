import SQL

/// A database whose reads are answered by a server near by, where one has what they must see.
final class NearDatabase: SQLDatabase {
    private let replicas: PostgresReplicas
    private let commits: [Int64]
    private let note: @Sendable (Double?) -> Void
    private var primary: PostgresDatabase { replicas.primary }

    var dialect: Dialect { .postgresql }
    var clockAhead: Double { primary.clockAhead }
    var lastCommit: Int64? { primary.lastCommit }

    init(_ replicas: PostgresReplicas, after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void) {
        (self.replicas, self.commits, self.note) = (replicas, commits, note)
    }

    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try replicas.read(after: commits, note) { session in
            try session.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            defer { session.rollback() }
            return try body(PostgresConnection(session))
        } otherwise: {
            try primary.read(body)
        }
    }

    func look<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try replicas.read(after: commits, note) {
            try body(PostgresConnection($0))
        } otherwise: {
            try primary.look(body)
        }
    }

    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try primary.write(body) }

    func bare<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try primary.bare(body) }

    func appliedMigrations() throws -> [String] { try primary.appliedMigrations() }

    func migrate(_ migrations: [Migration]) throws { try primary.migrate(migrations) }

    func close() throws {}
}
