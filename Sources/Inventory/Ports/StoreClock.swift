import FoundationEssentials

/// The time by one clock for all programs that share a store.
public protocol StoreClock: Sendable {
    /// The server's time; this machine's for a store in a file.
    func now() -> Date
}

extension StoreClock {
    /// This machine's time.
    public func now() -> Date { Date() }
}
