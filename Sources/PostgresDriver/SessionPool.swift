import Foundation
import SQL

/// Connections that wait for their next use, at most `limit` with those in use.
///
/// `condition` guards what changes; a condition variable knows no Sendable.
final class SessionPool: @unchecked Sendable {
    private let options: PostgresOptions
    private let limit: Int
    private let condition = NSCondition()
    /// Guarded by `condition`.
    private var idle: [(session: Session, since: Date)] = []
    private var count = 0
    private var isClosed = false
    /// The address and the password were right once: then a refusal passes.
    private var hasConnected = false

    /// Seconds that a caller waits for a connection.
    private static let patience = 30.0
    /// After so many seconds without use, a connection is closed: poolers and load balancers drop them sooner or later.
    private static let idleTime = 60.0

    init(_ options: PostgresOptions, limit: Int) {
        self.options = options
        self.limit = limit
    }

    /// Calls `body` with a connection that no other caller has meanwhile.
    func with<Value>(_ body: (Session) throws -> Value) throws -> Value {
        let session = try borrow()
        defer { giveBack(session) }
        return try body(session)
    }

    private func borrow() throws -> Session {
        condition.lock()
        let end = Date().addingTimeInterval(Self.patience)
        while idle.isEmpty, count >= limit, !isClosed {
            guard condition.wait(until: end) else {
                condition.unlock()
                throw SQLError(.busy, "all \(limit) connections to the database are in use: raise store.connections")
            }
        }
        guard !isClosed else {
            condition.unlock()
            throw SQLError(.failed, "the store was closed")
        }
        while let (session, since) = idle.popLast() {
            if since.timeIntervalSinceNow > -Self.idleTime {
                condition.unlock()
                return session
            }
            count -= 1
        }
        count += 1
        condition.unlock()
        do {
            let session = try Session(options)
            condition.lock()
            defer { condition.unlock() }
            hasConnected = true
            return session
        } catch {
            condition.lock()
            defer { condition.unlock() }
            count -= 1
            condition.signal()
            guard hasConnected, let error = error as? SQLError else { throw error }
            throw SQLError(.lost, error.message)
        }
    }

    private func giveBack(_ session: Session) {
        condition.lock()
        if session.isUsable, session.isIdle, !isClosed {
            idle.append((session, Date()))
        } else {
            count -= 1
            // What ended this connection has often ended the others.
            if !session.isUsable {
                count -= idle.count
                idle = []
            }
        }
        condition.signal()
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        idle = []
        condition.broadcast()
        condition.unlock()
    }
}
