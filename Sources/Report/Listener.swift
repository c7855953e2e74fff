extension Report {
    /// A socket that a server listens on.
    public struct Listener: Codable, Sendable, Equatable {
        /// The transport and the address family.
        public enum TransportProtocol: String, Codable, Sendable { case tcp, tcp6, udp }
        /// Who can reach it: this host alone, those who reach one address, everybody who reaches any.
        public enum Exposure: String, Codable, Sendable, CaseIterable { case loopback, `private`, all }

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
