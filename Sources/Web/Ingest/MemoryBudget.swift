import Synchronization

/// Bytes of reports that may be in memory at a time, inflated: those being read and those that wait for their commit.
///
/// A small body can inflate to a large one, so room is taken before a body is read and given back when its reports are
/// durable. Senders get it in turn, and one sender gets half of it at most, so that a flood from one leaves room for
/// the others.
final class MemoryBudget: Sendable {
    private struct Waiter {
        var id: Int
        var bytes: Int
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var used = 0
        var usedBySender: [String: Int] = [:]
        var waiting: [String: [Waiter]] = [:]
        /// Senders with something that waits, the next one first.
        var turns: [String] = []
        var lastID = 0
    }

    private let state = Mutex(State())
    private let total: Int
    /// How long a body may wait for its room.
    private let patience: Duration

    init(total: Int, patience: Duration) {
        self.total = total
        self.patience = patience
    }

    /// Bytes in use.
    var used: Int { state.withLock { $0.used } }

    /// Waits for room; what is taken is at most a sender's share, however large the body. `release` gives it back.
    ///
    /// - Throws: `IngestQueue.Full` when there was none in time.
    func take(_ bytes: Int, for sender: String) async throws -> Int {
        let bytes = min(bytes, total / 2)
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let isTaken = await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.wait(id, bytes, sender) }
            group.addTask { [patience] in
                guard (try? await Task.sleep(for: patience)) != nil else { return nil }
                self.giveUp(id, sender)
                return nil
            }
            var answer = false
            for await result in group {
                guard let result else { continue }
                answer = result
                group.cancelAll()
                break
            }
            return answer
        }
        if !isTaken { throw IngestQueue.Full() }
        return bytes
    }

    /// Gives back part of what was taken, once it is known how much is needed.
    func release(_ bytes: Int, of sender: String) {
        guard bytes > 0 else { return }
        let granted = state.withLock { state in
            state.used -= bytes
            let left = state.usedBySender[sender, default: 0] - bytes
            state.usedBySender[sender] = left > 0 ? left : nil
            return grant(&state)
        }
        for waiter in granted { waiter.continuation.resume(returning: true) }
    }

    private func wait(_ id: Int, _ bytes: Int, _ sender: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let granted = state.withLock { state in
                if state.waiting[sender] == nil { state.turns.append(sender) }
                state.waiting[sender, default: []].append(Waiter(id: id, bytes: bytes, continuation: continuation))
                return grant(&state)
            }
            for waiter in granted { waiter.continuation.resume(returning: true) }
        }
    }

    private func giveUp(_ id: Int, _ sender: String) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiting[sender]?.firstIndex(where: { $0.id == id }) else { return nil }
            let waiter = state.waiting[sender]?.remove(at: index)
            if state.waiting[sender]?.isEmpty == true { Self.remove(sender, &state) }
            return waiter
        }
        waiter?.continuation.resume(returning: false)
    }

    /// Gives room to the first waiter of each sender in turn, as long as there is some.
    private func grant(_ state: inout State) -> [Waiter] {
        var granted: [Waiter] = []
        var passed = 0
        while passed < state.turns.count {
            let sender = state.turns.removeFirst()
            state.turns.append(sender)
            guard let first = state.waiting[sender]?.first, state.used + first.bytes <= total,
                state.usedBySender[sender, default: 0] + first.bytes <= total / 2
            else {
                passed += 1
                continue
            }
            passed = 0
            state.used += first.bytes
            state.usedBySender[sender, default: 0] += first.bytes
            granted.append(first)
            state.waiting[sender]?.removeFirst()
            if state.waiting[sender]?.isEmpty == true { Self.remove(sender, &state) }
        }
        return granted
    }

    private static func remove(_ sender: String, _ state: inout State) {
        state.waiting[sender] = nil
        state.turns.removeAll { $0 == sender }
    }
}
