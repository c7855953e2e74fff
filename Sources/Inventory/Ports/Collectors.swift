/// A process that works on a store.
public struct CollectorProcess: Sendable, Equatable {
    /// What it does.
    public enum Kind: String, Sendable, CaseIterable { case serve, work, scan }

    /// Its host, its process and a random part: unique among all.
    public var id: String
    /// What it does.
    public var kind: Kind
    /// Whether it works on runs of discovery.
    public var takesTasks: Bool
    /// Its version.
    public var version: String
    /// How far it is from the store's server: milliseconds of a round trip.
    public var roundTrip = 0

    /// A process with all that is known of it.
    public init(id: String, kind: Kind, takesTasks: Bool, version: String, roundTrip: Int = 0) {
        self.roundTrip = roundTrip
        self.id = id
        self.kind = kind
        self.takesTasks = takesTasks
        self.version = version
    }
}

/// Keeps which processes work on a store.
public protocol CollectorRegistry: StoreClock {
    /// Says that a process works on the store, and gives all that do: those that said so within 45 seconds.
    ///
    /// A store in a file has one process, and keeps nothing.
    func present(_ process: CollectorProcess) throws -> [CollectorProcess]

    /// The processes that work on the store; nil for a store in a file.
    func collectors() throws -> [CollectorProcess]?

    /// Says that a process ends.
    func leave(_ id: String) throws
}
