/// A number of places that accounts share: when all are taken, those that wait get them in turns, account by account.
///
/// So an account with a thousand batches does not keep one with a single batch waiting for all of them.
actor FairLimiter {
    private var free: Int
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Accounts with something that waits, the next one first.
    private var turns: [String] = []

    init(_ places: Int) { free = max(1, places) }

    /// How many wait.
    var count: Int { waiting.values.reduce(0) { $0 + $1.count } }

    /// Takes a place, when one is free.
    func take(_ account: String) async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { continuation in
            if waiting[account] == nil { turns.append(account) }
            waiting[account, default: []].append(continuation)
        }
    }

    /// Takes a place for `body`.
    func with<Value>(_ account: String, _ body: () async throws -> Value) async rethrows -> Value {
        await take(account)
        do {
            let value = try await body()
            giveBack()
            return value
        } catch {
            giveBack()
            throw error
        }
    }

    /// Gives a place back.
    func giveBack() {
        guard let account = turns.first else {
            free += 1
            return
        }
        turns.removeFirst()
        let next = waiting[account]?.removeFirst()
        if waiting[account]?.isEmpty == true {
            waiting[account] = nil
        } else {
            turns.append(account)
        }
        next?.resume()
    }
}
