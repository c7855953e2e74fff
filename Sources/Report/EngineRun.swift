extension Report {
    /// How one engine's part of a scan went.
    public struct EngineRun: Codable, Sendable, Equatable {
        /// Whether the engine could look at everything.
        public struct Outcome: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// Everything was looked at.
            public static let complete = Self(rawValue: "complete")
            /// A database or a field of the engine may be missing: `problems` tells why.
            public static let partial = Self(rawValue: "partial")
            /// The deadline came before the engine's turn.
            public static let notRun = Self(rawValue: "not_run")
            /// The values that this version knows.
            public static let allCases: [Self] = [.complete, .partial, .notRun]
        }

        /// The engine's id, such as `postgresql`.
        public var id: String
        /// Whether it could look at everything.
        public var outcome: Outcome
        /// How long it took, in milliseconds of the monotonic clock; sizes are measured later and do not count.
        public var durationMs: Int

        /// The run of the engine `id`.
        public init(id: String, outcome: Outcome, durationMs: Int) {
            self.id = id
            self.outcome = outcome
            self.durationMs = durationMs
        }

        enum CodingKeys: String, CodingKey {
            case id, outcome
            case durationMs = "duration_ms"
        }
    }
}
