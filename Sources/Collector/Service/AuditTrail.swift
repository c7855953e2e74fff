import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization

/// Collects lines of the audit log and writes them once a second; equal ones become one line with a count.
final class AuditTrail: Service {
    private struct State {
        var lines: [AuditRow] = []
        var index: [String: Int] = [:]
        var used: [String: Date] = [:]
    }

    private let state = Mutex(State())
    private let store: InventoryStore
    private let metrics: Metrics
    private let logger: Logger
    /// The most lines that wait; further ones are counted and lost.
    private static let limit = 10_000

    init(_ store: InventoryStore, _ metrics: Metrics, _ logger: Logger) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
    }

    /// Adds a line; `token` was used with it.
    func add(_ line: AuditRow, token: String?) {
        let key = "\(line.actor)\0\(line.address ?? "")\0\(line.action)\0\(line.target ?? "")\0\(line.status ?? 0)"
        let isDropped = state.withLock { state in
            if let token { state.used[token] = Date() }
            if let index = state.index[key] {
                state.lines[index].count += line.count
                state.lines[index].request_id = line.request_id
                return false
            }
            guard state.lines.count < Self.limit else { return true }
            state.index[key] = state.lines.count
            state.lines.append(line)
            return false
        }
        if isDropped { metrics.add(.auditDropped, by: Double(line.count)) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                if !Task.isCancelled { await self.flush() }
            }
        }
        await flush()
    }

    /// Writes what waits.
    func flush() async {
        let (lines, used) = state.withLock { state in
            defer { state = State() }
            return (state.lines, state.used)
        }
        guard !lines.isEmpty || !used.isEmpty else { return }
        do {
            try await Blocking.run { [store] in try store.record(lines, tokensUsed: used) }
        } catch {
            logger.error(
                "the audit log could not be written",
                metadata: ["error": "\(error)", "lines": .stringConvertible(lines.count)])
            // They wait for the next time, as long as there is room.
            for line in lines { add(line, token: nil) }
            state.withLock { state in state.used.merge(used) { later, _ in later } }
        }
    }
}
