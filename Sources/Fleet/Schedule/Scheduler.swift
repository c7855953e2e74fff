import Foundation
import Inventory
import Logging
import Synchronization

/// Begins runs at the times of a schedule. A run that is due while another one goes on is left out, and that is kept.
package final class Scheduler: Sendable {
    private struct State {
        /// The time that the schedule has, and the one after the jitter.
        var due: Date?
        var next: Date?
        /// When the clock was last looked at.
        var seen: Date
    }

    private let environment: FleetEnvironment
    private let cron: Cron
    private let jitter: Double
    private let begin: @Sendable (Date) throws -> ScheduledRun
    private let state: Mutex<State>
    private let began: Date

    /// The longest pause between two looks at the clock: it may jump.
    private static let look = 30.0

    /// - Parameters:
    ///   - jitter: a run begins up to so many seconds later, by chance.
    ///   - begin: begins the run that was due at a time of the schedule, the jitter left out.
    package init(
        _ environment: FleetEnvironment, cron: Cron, jitter: Double,
        begin: @escaping @Sendable (Date) throws -> ScheduledRun
    ) {
        self.environment = environment
        self.cron = cron
        self.jitter = jitter
        self.begin = begin
        began = environment.now()
        state = Mutex(State(seen: began))
        plan(after: environment.now())
    }

    /// When the next run begins.
    package var next: Date? { state.withLock { $0.next } }

    /// Whether no run completed since `last`, or since this program began, although the schedule had two.
    package func isOverdue(since last: Date?, now: Date) -> Bool { cron.isOverdue(since: last ?? began, now: now) }

    private func plan(after time: Date) {
        let due = cron.next(after: time)
        let next = due.map { $0.addingTimeInterval(jitter > 0 ? .random(in: 0..<jitter) : 0) }
        state.withLock { ($0.due, $0.next) = (due, next) }
    }

    /// Begins runs until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let pause = min(Self.look, max(0.05, next.map { $0.timeIntervalSince(environment.now()) } ?? Self.look))
            do { try await Task.sleep(for: .seconds(pause)) } catch { return }
            await look()
        }
    }

    /// Looks at the clock once.
    func look() async {
        let now = environment.now()
        let before = state.withLock { state in
            defer { state.seen = now }
            return state.seen
        }
        // The clock was set back: what was planned by the wrong time is planned again.
        if now < before.addingTimeInterval(-60) { return plan(after: now) }
        let (planned, next) = state.withLock { ($0.due, $0.next) }
        guard let due = planned, let next, next <= now else { return }
        plan(after: now)
        do {
            guard case .skipped(let active) = try await environment.stored({ [begin] _ in try begin(due) }) else {
                return
            }
            environment.logger.warning(
                "scheduled run skipped: another run is still active", metadata: ["job": "\(active)"])
        } catch {
            environment.logger.error(
                "cannot begin the scheduled run; the next attempt is at the next scheduled time",
                metadata: ["error": "\(error)"])
        }
    }
}
