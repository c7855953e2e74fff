extension Report {
    /// A socket that a server listens on.
    public struct Listener: Codable, Sendable, Equatable {
        /// The transport and the address family.
        public struct TransportProtocol: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// TCP over IPv4.
            public static let tcp = Self(rawValue: "tcp")
            /// TCP over IPv6.
            public static let tcp6 = Self(rawValue: "tcp6")
            /// UDP.
            public static let udp = Self(rawValue: "udp")
            /// The values that this version knows.
            public static let allCases: [Self] = [.tcp, .tcp6, .udp]
        }
        /// Who can reach it: this host alone, those who reach one address, everybody who reaches any.
        public struct Exposure: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// This machine only.
            public static let loopback = Self(rawValue: "loopback")
            /// Private addresses only.
            public static let `private` = Self(rawValue: "private")
            /// Every address, or a public one.
            public static let all = Self(rawValue: "all")
            /// The values that this version knows.
            public static let allCases: [Self] = [.loopback, .`private`, .all]
        }

        /// The local address, such as `0.0.0.0` or `::1`.
        public var address: String
        /// The local port.
        public var port: UInt16
        /// The transport and the address family.
        public var `protocol`: TransportProtocol
        /// Who can reach it, by its address; in a network namespace of its own never more than `private`.
        public var exposure: Exposure
        /// What is spoken there: `client`, `mysqlx`, `admin`, `galera`; null where settings do not say.
        @ExplicitNull public var purpose: String?

        /// The container's port that this port of the host leads to; null for a socket of the server itself.
        @ExplicitNull public var containerPort: UInt16?

        enum CodingKeys: String, CodingKey {
            case address, port, `protocol`, exposure, purpose
            case containerPort = "container_port"
        }

        /// A socket bound to `address` and `port`.
        public init(
            address: String, port: UInt16, protocol: TransportProtocol, exposure: Exposure, purpose: String?
        ) {
            self.address = address
            self.port = port
            self.protocol = `protocol`
            self.exposure = exposure
            self.purpose = purpose
        }
    }
}
