import Foundation
import Synchronization

/// A rate limit that AWS's throttling sets: none until a call is throttled, then a token bucket whose rate follows the
/// CUBIC curve, as the adaptive retry mode of AWS's own SDKs does it.
///
/// Source: "Retry behavior", adaptive mode, AWS SDKs and Tools Reference Guide; the constants are botocore's
/// (retries/throttling).
final class AdaptiveRate: Sendable {
    static let beta = 0.7
    static let scale = 0.4
    static let smoothing = 0.8
    /// The bucket is never slower: one call in two seconds.
    static let slowest = 0.5

    private struct State {
        var isOn = false
        var fillRate = 0.0
        var capacity = 1.0
        var tokens = 0.0
        var filled: Double?
        /// Calls a second, measured in half seconds.
        var measured = 0.0
        var period = 0.0
        var count = 0
        var highest = 0.0
        var throttledAt = 0.0
    }

    private let state: Mutex<State>

    init(at time: Double) { state = Mutex(State(period: (time * 2).rounded(.down) / 2, throttledAt: time)) }

    /// Reserves a call's place: how long to wait before it is sent. At most `longest` seconds ahead: `nil` beyond that.
    func reserve(at time: Double, longest: Double) -> Double? {
        state.withLock { state in
            guard state.isOn else { return 0 }
            Self.fill(&state, time)
            let wait = max(0, (1 - state.tokens) / state.fillRate)
            guard wait <= longest else { return nil }
            // The bucket may go into debt: the next caller waits behind this one.
            state.tokens -= 1
            return wait
        }
    }

    /// A call was answered.
    func answered(isThrottled: Bool, at time: Double) {
        state.withLock { state in
            Self.measure(&state, time)
            let rate: Double
            if isThrottled {
                let current = state.isOn ? min(state.measured, state.fillRate) : state.measured
                state.highest = current
                state.throttledAt = time
                rate = current * Self.beta
                state.isOn = true
            } else {
                guard state.isOn else { return }
                let window = cbrt(state.highest * (1 - Self.beta) / Self.scale)
                rate = Self.scale * pow(time - state.throttledAt - window, 3) + state.highest
            }
            let allowed = min(rate, 2 * state.measured)
            Self.fill(&state, time)
            state.fillRate = max(allowed, Self.slowest)
            state.capacity = max(allowed, 1)
            state.tokens = min(state.tokens, state.capacity)
        }
    }

    private static func fill(_ state: inout State, _ time: Double) {
        if let filled = state.filled {
            state.tokens = min(state.capacity, state.tokens + max(0, time - filled) * state.fillRate)
        }
        state.filled = time
    }

    private static func measure(_ state: inout State, _ time: Double) {
        let half = (time * 2).rounded(.down) / 2
        state.count += 1
        guard half > state.period else { return }
        let current = Double(state.count) / (half - state.period)
        state.measured = current * smoothing + state.measured * (1 - smoothing)
        state.count = 0
        state.period = half
    }

    /// Calls a second; `nil` while no call was throttled.
    var rate: Double? { state.withLock { $0.isOn ? $0.fillRate : nil } }
}
