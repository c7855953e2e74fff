/// A number of places that accounts share: when all are taken, those that wait get them in turns, account by account.
///
/// So an account with a thousand batches does not keep one with a single batch waiting for all of them.
actor FairLimiter {
    /// Below 0 while more are taken than there are now.
    private var free: Int
    private var places: Int
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Accounts with something that waits, the next one first.
    private var turns: [String] = []

    init(_ places: Int) {
        self.places = max(1, places)
        free = self.places
    }

    /// Changes how many there are; those that are taken stay taken.
    func resize(_ places: Int) {
        free += max(1, places) - self.places
        self.places = max(1, places)
        while free > 0, let next = nextWaiting() {
            free -= 1
            next.resume()
        }
    }

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
        guard free >= 0, let next = nextWaiting() else {
            free += 1
            return
        }
        next.resume()
    }

    /// The one whose turn it is; nil when none waits.
    private func nextWaiting() -> CheckedContinuation<Void, Never>? {
        guard let account = turns.first else { return nil }
        turns.removeFirst()
        let next = waiting[account]?.removeFirst()
        if waiting[account]?.isEmpty == true {
            waiting[account] = nil
        } else {
            turns.append(account)
        }
        return next
    }
}
