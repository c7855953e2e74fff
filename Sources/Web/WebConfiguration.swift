import Synchronization

/// How the API serves: its limits, and who may read its metrics. The collector's configuration fills it.
public struct WebConfiguration: Sendable, Equatable {
    /// Whether a reverse proxy in front of it terminates TLS.
    public var trustProxy = false
    /// Whether it speaks TLS itself.
    public var isTLS = false
    /// Whether `/metrics` needs a token.
    public var metricsNeedToken = true
    /// What a client may use.
    public var limits = Limits()
    /// The collector's version.
    public var version = ""

    /// The defaults.
    public init() {}

    /// What a client may use.
    public struct Limits: Sendable, Equatable {
        /// Requests per second of one token, on average.
        public var requestsPerSecond = 50
        /// Requests of one token at once.
        public var requestBurst = 200
        /// Connections at a time.
        public var connections = 1_000
        /// Connections from one address at a time.
        public var connectionsPerAddress = 200
        /// Seconds for a request's header.
        public var headerSeconds = 10
        /// Seconds for a request's body, and for an answer to be read.
        public var bodySeconds = 60
        /// Seconds that a connection may wait for its next request.
        public var idleSeconds = 60
        /// The largest body, in bytes.
        public var bodyBytes = 16 << 20
        /// The most bytes that a body may inflate to.
        public var inflatedBytes = 64 << 20
        /// The largest report, in bytes of JSON.
        public var reportBytes = 16 << 20
        /// The most reports of one request.
        public var reports = 4_096
        /// Reports that may wait to be stored.
        public var queuedReports = 4_096
        /// Bytes of reports, inflated, that may be in work at a time.
        public var queuedBytes = 128 << 20
        /// Rows that the reports of one token may write in a day.
        public var tokenRows = 20_000_000
        /// Bytes that they may add to the store in a day.
        public var tokenBytes = 4 << 30
        /// Hosts that they may add in a day.
        public var tokenHosts = 50_000

        /// The defaults.
        public init() {}
    }
}

/// A value that may change while the collector serves.
public final class Live<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    /// Begins with `value`.
    public init(_ value: Value) { current = Mutex(value) }

    /// The value now.
    public var value: Value {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
