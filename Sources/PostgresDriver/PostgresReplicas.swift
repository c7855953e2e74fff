import Foundation
import SQL
import Synchronization

/// Servers that follow the one of a database: standbys, read replicas of RDS, readers of Aurora.
///
/// A mark is committed on the database each second. Servers replay commits in their order, so the newest mark that a
/// server has tells what else it has, whichever way it is replicated; and a server that never has one is no copy.
package final class PostgresReplicas: SQLReplicas {
    let primary: PostgresDatabase
    private let servers: [Server]
    /// Seconds that a server may be behind and still answer.
    private let limit: Double
    private let state = Mutex(State())

    /// Seconds that an answer may be old while the database itself is away.
    private static let oldest = 86_400.0

    private struct State {
        var marks = ReplicaMarks()
        /// The database itself could not be reached when it was last tried.
        var isPrimaryAway = false
        /// How many migrations the database has; nil before it was asked.
        var migrations: Int?
        var replicas: [SQLReplicaState] = []
        var turn = 0
    }

    private struct Server: Sendable {
        let sessions: SessionPool
        let name: String
    }

    /// Nothing is asked of the servers yet.
    ///
    /// - Parameters:
    ///   - servers: how each is reached.
    ///   - limit: seconds that a server may be behind and still answer.
    /// - Throws: `SQLError` for what is no address.
    package init(of primary: PostgresDatabase, _ servers: [PostgresOptions], limit: Double) throws {
        self.primary = primary
        self.limit = limit
        self.servers = try servers.map { options in
            Server(
                sessions: SessionPool(options, limit: options.readers),
                name: try PostgresDatabase.name(of: options.address))
        }
        let replicas = self.servers.map { SQLReplicaState(name: $0.name) }
        state.withLock { $0.replicas = replicas }
    }

    package var states: [SQLReplicaState] {
        state.withLock { state in
            let now = ContinuousClock.now
            return state.replicas.enumerated().map { index, replica in
                var replica = replica
                replica.secondsBehind = replica.failure == nil ? state.marks.secondsBehind(index, at: now) : nil
                replica.isUsed = isNear(replica, state)
                return replica
            }
        }
    }

    /// While the database itself is away, an answer that is older is better than none.
    private func isNear(_ replica: SQLReplicaState, _ state: State) -> Bool {
        let limit = state.isPrimaryAway ? max(limit, Self.oldest) : limit
        return replica.failure == nil && replica.secondsBehind.map { $0 <= limit } ?? false
    }

    package func refresh() {
        let begun = ContinuousClock.now
        let mark = Int64.random(in: .min ... .max)
        do {
            let migrations = try primary.mark(mark)
            state.withLock { state in
                (state.isPrimaryAway, state.migrations) = (false, migrations)
                state.marks.add(mark, at: begun)
            }
        } catch {
            // One that is busy is there.
            if (error as? SQLError)?.code != .busy { state.withLock { $0.isPrimaryAway = true } }
        }
        // One that hangs does not make the others old.
        DispatchQueue.concurrentPerform(iterations: servers.count) { index in
            let server = servers[index]
            let (unseen, migrations) = state.withLock { ($0.marks.unseen(by: index), $0.migrations) }
            do {
                let seen = try server.sessions.with { try self.seen(unseen, migrations, $0) }
                state.withLock { state in
                    state.replicas[index].failure = nil
                    state.marks.note(seen, by: index)
                }
            } catch { state.withLock { $0.replicas[index].failure = "\(error)" } }
        }
    }

    /// Which of the marks a server has.
    ///
    /// - Throws: `SQLError` for a server that cannot answer, and for a store of another schema.
    private func seen(_ marks: [Int64], _ migrations: Int?, _ session: Session) throws -> Set<Int64> {
        guard !marks.isEmpty, let migrations else { return [] }
        let connection = PostgresConnection(session)
        let count: Int? = try connection.value("SELECT COUNT(*) FROM dbcensus_migrations")
        guard count == migrations else {
            throw SQLError(
                .outdated, "its schema is not that of the store: an upgrade is on its way, or it is another database")
        }
        let places = marks.map { _ in "?" }.joined(separator: ", ")
        return Set(try connection.values("SELECT id FROM dbcensus_commits WHERE id IN (\(places))", marks, .once))
    }

    package func near(
        after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void
    ) -> any SQLDatabase {
        NearDatabase(self, after: commits, note)
    }

    /// The commit is not there yet.
    private struct NotYet: Error {}

    /// Reads from a server that is near enough and has the commits; from the database itself where none is.
    func read<Value>(
        after commits: [Int64], _ note: (Double?) -> Void, _ body: (Session) throws -> Value,
        otherwise: () throws -> Value
    ) throws -> Value {
        if let (index, behind) = nearest() {
            do {
                let value = try servers[index].sessions.with { session in
                    guard try has(commits, session) else { throw NotYet() }
                    return try body(session)
                }
                state.withLock { $0.replicas[index].reads += 1 }
                note(behind)
                return value
            } catch is NotYet {
                // The next one may have it, but the database itself has it for certain.
            } catch is SQLError {
                // Above all: the server cancelled it, because it replays what the read would still have seen.
                state.withLock { $0.replicas[index].failedReads += 1 }
            }
        }
        if state.withLock({ $0.isPrimaryAway }) {
            throw SQLError(.lost, "the server cannot be reached, and no replica can answer")
        }
        note(nil)
        return try otherwise()
    }

    /// One of the servers that are near enough, in turn.
    private func nearest() -> (index: Int, behind: Double)? {
        let near = states.enumerated().filter(\.element.isUsed)
        guard !near.isEmpty else { return nil }
        let turn = state.withLock { state in
            state.turn += 1
            return state.turn
        }
        let choice = near[turn % near.count]
        return (choice.offset, choice.element.secondsBehind ?? 0)
    }

    private func has(_ commits: [Int64], _ session: Session) throws -> Bool {
        let connection = PostgresConnection(session)
        return try commits.allSatisfy { try connection.exists("SELECT 1 FROM dbcensus_commits WHERE id = ?", [$0]) }
    }
}

/// The marks of the last minutes, and the newest one that each server has.
struct ReplicaMarks {
    private var marks: [(id: Int64, at: ContinuousClock.Instant)] = []
    /// When the newest mark that a server has was made.
    private var newest: [Int: ContinuousClock.Instant] = [:]
    /// Ten minutes of them.
    private static let limit = 600

    mutating func add(_ id: Int64, at time: ContinuousClock.Instant) {
        marks.append((id, time))
        if marks.count > Self.limit { marks.removeFirst(marks.count - Self.limit) }
    }

    /// The marks that are newer than those that a server is known to have.
    func unseen(by server: Int) -> [Int64] {
        guard let newest = newest[server] else { return marks.map(\.id) }
        return marks.filter { $0.at > newest }.map(\.id)
    }

    mutating func note(_ seen: Set<Int64>, by server: Int) {
        guard let last = marks.last(where: { seen.contains($0.id) }) else { return }
        newest[server] = last.at
    }

    /// Everything that was committed before so many seconds is there; nil when it is not known.
    func secondsBehind(_ server: Int, at now: ContinuousClock.Instant) -> Double? {
        newest[server].map { ($0.duration(to: now)) / .seconds(1) }
    }
}
