/// A copy of the store that answers questions, as it was when it was last looked at.
public struct ReadReplica: Sendable {
    /// Its address without secrets.
    public var name: String
    /// Everything that was committed before so many seconds is there; nil when it is not known.
    public var secondsBehind: Double?
    /// Whether questions go there.
    public var isUsed: Bool
    /// Why it cannot be asked.
    public var failure: String?
    /// Questions that it answered since the program began.
    public var reads: Int
    /// Questions that it failed to answer, and that the store itself was asked then.
    public var failedReads: Int

    /// A copy with all that is known of it.
    public init(
        name: String, secondsBehind: Double?, isUsed: Bool, failure: String?, reads: Int, failedReads: Int
    ) {
        (self.name, self.secondsBehind, self.isUsed) = (name, secondsBehind, isUsed)
        (self.failure, self.reads, self.failedReads) = (failure, reads, failedReads)
    }
}
