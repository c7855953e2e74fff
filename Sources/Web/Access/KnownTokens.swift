import Inventory
import Synchronization

/// Tokens as the store last had them, for the time in which it cannot be reached.
///
/// One that is revoked meanwhile goes on until the store can be reached again, but for a day at most; what it sent is
/// rejected then.
final class KnownTokens: Sendable {
    private struct Known {
        var token: AccessToken
        var hash: [UInt8]
        var seen: ContinuousClock.Instant
    }

    private let rows = Mutex([String: Known]())
    /// The most tokens that are kept.
    private static let limit = 10_000
    /// How long one is good after the store last had it.
    private static let lifetime = Duration.seconds(86_400)

    /// Keeps what the store says of an id; nil for none.
    func keep(_ row: (token: AccessToken, hash: [UInt8])?, _ id: String) {
        rows.withLock { rows in
            guard let row else { return rows[id] = nil }
            if rows[id] == nil, rows.count >= Self.limit, let oldest = rows.min(by: { $0.value.seen < $1.value.seen }) {
                rows[oldest.key] = nil
            }
            rows[id] = Known(token: row.token, hash: row.hash, seen: .now)
        }
    }

    /// What the store said of an id within the last day; nil when it said nothing.
    func row(_ id: String) -> (token: AccessToken, hash: [UInt8])? {
        guard let known = rows.withLock({ $0[id] }), known.seen.duration(to: .now) < Self.lifetime else { return nil }
        return (known.token, known.hash)
    }
}
