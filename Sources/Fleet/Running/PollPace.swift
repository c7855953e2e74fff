import Synchronization

/// When the state of a command is asked for: first when commands of this run usually are done, then ever less often.
///
/// The first commands are looked at early and often, and tell how long one takes. The others wait until that is known:
/// so most commands need one look.
final class PollPace: Sendable {
    private static let first = 2.0
    private static let growth = 1.6
    private static let longest = 30.0
    /// So many commands tell how long one takes.
    private static let memory = 40
    /// So many commands are looked at before anything is known.
    private static let scouts = 3

    private struct State {
        var seconds: [Double] = []
        var scouts = 0
    }

    private let state = Mutex(State())

    /// Whether a command that begins now is one of those that find out how long one takes.
    func isScout() -> Bool {
        state.withLock { state in
            guard state.seconds.isEmpty, state.scouts < Self.scouts else { return false }
            state.scouts += 1
            return true
        }
    }

    /// Seconds from sending a command to the first look; nil while that is not known.
    var start: Double? {
        let known = state.withLock { $0.seconds }
        guard !known.isEmpty else { return nil }
        let sorted = known.sorted()
        let usual = sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
        return min(Self.longest, max(0.5, usual * 1.05))
    }

    /// Seconds to wait before the next look for a start.
    ///
    /// - Parameters:
    ///   - waited: seconds since the command was sent.
    ///   - isScout: whether it finds out how long one takes.
    /// - Returns: nil when it is time for the first look.
    func pause(waited: Double, isScout: Bool) -> Double? {
        let target = start ?? (isScout ? Self.first : Self.longest)
        guard waited < target else { return nil }
        // Meanwhile another command may tell that it is time.
        return min(0.5, target - waited)
    }

    /// Seconds to the look after one that came `last` seconds after the one before.
    func next(after last: Double) -> Double { min(Self.longest, max(1, last) * Self.growth) }

    /// All hosts of a command had ended after so many seconds.
    func ended(after taken: Double) {
        guard taken > 0, taken < 3_600 else { return }
        state.withLock { state in
            state.seconds.append(taken)
            if state.seconds.count > Self.memory { state.seconds.removeFirst() }
        }
    }
}
