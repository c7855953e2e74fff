import Synchronization

/// When the state of a command is asked for: first when commands of this run usually are done, then ever less often.
final class PollPace: Sendable {
    private static let first = 2.0
    private static let growth = 1.6
    private static let longest = 30.0
    /// So many commands tell how long one takes.
    private static let memory = 40

    private let seconds = Mutex<[Double]>([])

    /// Seconds from sending a command to the first look.
    var start: Double {
        let known = seconds.withLock { $0 }
        guard !known.isEmpty else { return Self.first }
        let sorted = known.sorted()
        let usual = sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
        return min(Self.longest, max(0.5, usual * 1.1))
    }

    /// Seconds to the look after one that came `last` seconds after the one before.
    func next(after last: Double) -> Double { min(Self.longest, max(1, last) * Self.growth) }

    /// All hosts of a command had ended after so many seconds.
    func ended(after taken: Double) {
        guard taken > 0, taken < 3_600 else { return }
        seconds.withLock { seconds in
            seconds.append(taken)
            if seconds.count > Self.memory { seconds.removeFirst() }
        }
    }
}
