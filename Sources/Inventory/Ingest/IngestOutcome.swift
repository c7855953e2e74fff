/// What became of an observation.
public enum IngestOutcome: Sendable, Equatable {
    /// It is the newest of its place, and is the place's current state now.
    ///
    /// - Parameter place: the host's id, or the account and region.
    case stored(place: String, databases: Int)
    /// The very same report was stored before.
    case duplicate(place: String)
    /// A newer one of the place is stored. This one is kept, and changes nothing.
    case older(place: String)
    /// It is invalid, or its sender may not send it. It is kept as a dead letter only.
    case rejected(Refusal)
    /// Its sender has used up what it may write today; nothing is kept. It may be sent again at `reset`.
    case overQuota(reset: String)
}
