import FoundationEssentials
import Report

/// When observations were received, and what that says of the hosts' clocks.
public struct Receipt: Sendable {
    /// The time of receipt: never before that of the report stored last, even if the collector's clock went back.
    public let time: String
    private let date: Date
    /// The collector's clock was set back: it cannot tell whether a host's clock is ahead.
    private let isClockBehind: Bool
    /// Two processes that write at once differ by less than this.
    private static let jitter: TimeInterval = 300
    /// How far a host's clock may be ahead.
    public static let tolerance: TimeInterval = 24 * 3600
    /// A collector whose clock went back accepts reports for a year after the last one that came before.
    private static let behindTolerance: TimeInterval = 366 * 86_400
    /// No report is older than this: there was no agent then.
    private static let epoch = "2020-01-01"

    /// Observations received at `now`, after one that was received at `last`.
    public init(_ now: Date, last: String?) {
        let last = last.flatMap(Timestamp.parse) ?? now
        date = max(now, last)
        time = Timestamp.format(date)
        isClockBehind = last.timeIntervalSince(now) > Self.jitter
    }

    /// Why the time of an observation cannot be right; nil when it can.
    public func refusal(_ observation: Observation) -> Refusal? {
        let tolerance = isClockBehind ? Self.behindTolerance : Self.tolerance
        if observation.startedAt > date.addingTimeInterval(tolerance) {
            return Refusal(.future, "the scan began in the future, at \(observation.started): set the host's clock")
        }
        guard observation.started < Self.epoch else { return nil }
        return Refusal(.past, "the scan began at \(observation.started), before 2020: set the host's clock")
    }

    /// When the place was seen: by its own clock, unless that is ahead, which would hide later reports.
    public func seen(_ observation: Observation) -> (time: String, isClockAhead: Bool) {
        let isAhead = !isClockBehind && observation.startedAt > date
        return (isAhead ? time : observation.started, isAhead)
    }
}
