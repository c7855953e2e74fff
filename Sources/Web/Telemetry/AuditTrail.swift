import Foundation
import Inventory
import Logging
import ServiceLifecycle
import Synchronization

/// Collects lines of the audit log and writes them once a second; equal ones become one line with a count.
public final class AuditTrail: Service {
    private struct State {
        var lines: [AuditEntry] = []
        var index: [String: Int] = [:]
        var used: [String: Date] = [:]
        /// Different questions of each actor to each route in this minute.
        var questions: [String: Int] = [:]
        var minute = 0
    }

    private let state = Mutex(State())
    private let store: any AuditLog
    private let metrics: Metrics
    private let logger: Logger
    /// The most lines that wait; further ones are counted and lost.
    private static let limit = 10_000
    /// The most different questions of one actor to one route that have lines of their own in a minute; further ones
    /// share a line. What changes something always has its own.
    private static let questionsPerMinute = 10

    init(_ store: any AuditLog, _ metrics: Metrics, _ logger: Logger) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
    }

    /// The time of a line.
    var now: Date { store.now() }

    /// Adds a line; `token` was used with it.
    public func add(_ line: AuditEntry, token: String? = nil) {
        let isDropped = state.withLock { state in
            var (line, key) = (line, Self.key(of: line))
            if line.action.hasPrefix("GET "), state.index[key] == nil {
                let minute = Int(Date().timeIntervalSince1970 / 60)
                if minute != state.minute { (state.minute, state.questions) = (minute, [:]) }
                let question = "\(line.actor)\0\(line.action)"
                state.questions[question, default: 0] += 1
                if state.questions[question, default: 0] > Self.questionsPerMinute {
                    line.target = "(more than \(Self.questionsPerMinute) different questions in a minute)"
                    line.status = nil
                    key = Self.key(of: line)
                }
            }
            if let token { state.used[token] = now }
            if let index = state.index[key] {
                state.lines[index].count += line.count
                state.lines[index].requestID = line.requestID
                return false
            }
            guard state.lines.count < Self.limit else { return true }
            state.index[key] = state.lines.count
            state.lines.append(line)
            return false
        }
        if isDropped { metrics.auditDropped.add(by: Double(line.count)) }
    }

    private static func key(of line: AuditEntry) -> String {
        "\(line.actor)\0\(line.address ?? "")\0\(line.action)\0\(line.target ?? "")\0\(line.status ?? 0)"
    }

    /// Writes once a second until the collector stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                if !Task.isCancelled { await self.flush() }
            }
        }
        await flush()
    }

    /// The line in the log, so that a log shipper can carry it on. docs/operate/monitor.md has the members.
    private func log(_ line: AuditEntry) {
        var metadata: Logger.Metadata = [
            "kind": "audit", "at": "\(line.at)", "actor": "\(line.actor)", "action": "\(line.action)",
            "count": .stringConvertible(line.count),
        ]
        metadata["address"] = line.address.map { "\($0)" }
        metadata["target"] = line.target.map { "\($0)" }
        metadata["status"] = line.status.map { .stringConvertible($0) }
        metadata["request_id"] = line.requestID.map { "\($0)" }
        logger.info("audit", metadata: metadata)
    }

    /// Writes what waits.
    func flush() async {
        let (lines, used) = state.withLock { state in
            defer { (state.lines, state.index, state.used) = ([], [:], [:]) }
            return (state.lines, state.used)
        }
        guard !lines.isEmpty || !used.isEmpty else { return }
        do {
            try await Blocking.run { [store] in try store.record(lines, tokensUsed: used) }
            for line in lines { log(line) }
        } catch {
            logger.error(
                "could not write the audit log; trying again",
                metadata: ["error": "\(error)", "lines": .stringConvertible(lines.count)])
            // They wait for the next time, as long as there is room.
            for line in lines { add(line, token: nil) }
            state.withLock { state in state.used.merge(used) { later, _ in later } }
        }
    }
}
