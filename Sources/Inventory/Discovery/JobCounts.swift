/// What a run's brake looks at.
public struct JobCounts: Sendable, Equatable {
    /// Hosts on which the document started.
    public var started: Int
    /// Those of them that ended with a fault of the document's or the agent's own.
    public var ownFaults: Int
    /// Which hosts are asked.
    public var stage: JobStage
    /// How the run ends; nil when it goes on.
    public var stop: JobState?

    /// Counts.
    public init(started: Int, ownFaults: Int, stage: JobStage, stop: JobState?) {
        self.started = started
        self.ownFaults = ownFaults
        self.stage = stage
        self.stop = stop
    }
}
