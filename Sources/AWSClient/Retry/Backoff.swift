/// The pause before a retry: random, up to a base that doubles.
///
/// Source: "Retry behavior", AWS SDKs and Tools Reference Guide: `rand(0, 1) · min(base · 2^i, 20 s)`.
enum Backoff {
    static let transientBase = 0.05
    static let throttledBase = 1.0
    static let longest = 20.0
    /// A server that asks for a longer pause is asked sooner.
    static let longestAsked = 60.0

    /// - Parameters:
    ///   - retry: 0 for the first retry.
    ///   - asked: the seconds that the server asked for.
    static func pause(retry: Int, isThrottled: Bool, asked: Double?, random: Double) -> Duration {
        let base = isThrottled ? throttledBase : transientBase
        var power = base
        for _ in 0..<retry where power < longest { power *= 2 }
        let drawn = random * min(power, longest)
        return .seconds(max(drawn, min(asked ?? 0, longestAsked)))
    }

    /// `x-amz-retry-after` in milliseconds, `Retry-After` in seconds.
    static func asked(_ answer: HTTPAnswer) -> Double? {
        if let text = answer.header("x-amz-retry-after"), let milliseconds = Double(text), milliseconds >= 0 {
            return milliseconds / 1000
        }
        if let text = answer.header("retry-after"), let seconds = Double(text), seconds >= 0 { return seconds }
        return nil
    }
}
