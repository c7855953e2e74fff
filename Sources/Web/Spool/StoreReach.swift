import Foundation
import Inventory
import Logging
import Synchronization

/// Asks the store where a spool takes its reports meanwhile: not at all while it is known to be away, and never for
/// long.
public final class StoreReach: Sendable {
    /// The store did not answer in time, or is known to be away.
    struct Away: Error {}

    private let isAway = Mutex(false)
    private let patience: Duration
    private let logger: Logger
    /// Without a spool the store is asked as long as it takes.
    let hasSpool: Bool

    init(hasSpool: Bool, patience: Duration, _ logger: Logger) {
        (self.hasSpool, self.patience, self.logger) = (hasSpool, patience, logger)
    }

    /// Whether the store is known to be away.
    public var isCutOff: Bool { isAway.withLock { $0 } }

    /// Takes note of what was seen of the store.
    func note(isCutOff: Bool, _ why: String = "") {
        guard hasSpool else { return }
        let isNews = isAway.withLock { state in
            defer { state = isCutOff }
            return state != isCutOff
        }
        guard isNews else { return }
        if isCutOff {
            logger.error("the store cannot be reached: reports go to the spool", metadata: ["error": "\(why)"])
        } else {
            logger.notice("the store can be reached again")
        }
    }

    /// Asks or changes the store.
    ///
    /// - Throws: `Away` while it cannot be reached; `body` may go on, and may still change the store later.
    func ask<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard hasSpool else { return try await Blocking.run(body) }
        if isCutOff { throw Away() }
        do {
            return try await Self.within(patience) { try await Blocking.run(body) }
        } catch let error as StoreError where error.code == .unreachable {
            note(isCutOff: true, error.message)
            throw Away()
        } catch is Away {
            note(isCutOff: true, "it did not answer within \(patience)")
            throw Away()
        }
    }

    /// What `body` gives; `Away` when that takes longer.
    private static func within<Value: Sendable>(
        _ patience: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let first = First<Value>()
        return try await withCheckedThrowingContinuation { continuation in
            first.wait(continuation)
            let timer = Task {
                guard (try? await Task.sleep(for: patience)) != nil else { return }
                first.answer(.failure(Away()))
            }
            Task {
                do { first.answer(.success(try await body())) } catch { first.answer(.failure(error)) }
                timer.cancel()
            }
        }
    }

    /// Gives the first of several answers to the one who waits.
    private final class First<Value: Sendable>: Sendable {
        private let waiting = Mutex(CheckedContinuation<Value, any Error>?.none)

        func wait(_ continuation: CheckedContinuation<Value, any Error>) {
            waiting.withLock { $0 = continuation }
        }

        func answer(_ result: Result<Value, any Error>) {
            let continuation = waiting.withLock { state in
                defer { state = nil }
                return state
            }
            continuation?.resume(with: result)
        }
    }
}
