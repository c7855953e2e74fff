import FoundationEssentials

extension Report {
    /// One server process group with its data directory, or what is left of one, or its software alone.
    public struct Database: Codable, Sendable, Equatable {
        /// Whether a server runs, a data directory lies without a server, or only software is there.
        public struct State: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// A server process runs.
            public static let running = Self(rawValue: "running")
            /// There is data and no server.
            public static let stopped = Self(rawValue: "stopped")
            /// There is software, and neither data nor a server.
            public static let installed = Self(rawValue: "installed")
            /// The values that this version knows.
            public static let allCases: [Self] = [.running, .stopped, .installed]
        }
        /// How much of the version is known: the full number, or its first part.
        public struct VersionPrecision: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// The whole version.
            public static let exact = Self(rawValue: "exact")
            /// The major version only.
            public static let major = Self(rawValue: "major")
            /// The values that this version knows.
            public static let allCases: [Self] = [.exact, .major]
        }
        /// The part that a server plays among others.
        public struct Role: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// Neither a copy nor the source of one.
            public static let standalone = Self(rawValue: "standalone")
            /// It takes writes for others.
            public static let primary = Self(rawValue: "primary")
            /// A copy of another server.
            public static let replica = Self(rawValue: "replica")
            /// It votes, and has no data.
            public static let arbiter = Self(rawValue: "arbiter")
            /// It passes requests on, and has no data.
            public static let router = Self(rawValue: "router")
            /// It has the configuration of a sharded cluster.
            public static let config = Self(rawValue: "config")
            /// The values that this version knows.
            public static let allCases: [Self] = [.standalone, .primary, .replica, .arbiter, .router, .config]
        }

        /// Stable on this host across restarts and upgrades: engine + data directory as the host sees it.
        public var key: String
        /// OpenTelemetry's `db.system.name`, such as `postgresql`.
        public var engine: String
        /// Who makes this build: `oracle`, `mariadb`, `percona`, `community`.
        @ExplicitNull public var vendor: String?
        /// Running, stopped or installed.
        public var state: State
        /// The engine's own number, such as `10.11.19`.
        @ExplicitNull public var version: String?
        /// How exact `version` is; null when and only when `version` is null.
        @ExplicitNull public var versionPrecision: VersionPrecision?
        /// The server process; null unless `state` is running.
        @ExplicitNull public var process: Process?
        /// Sockets that the kernel says the server listens on.
        public var listeners: [Listener]
        /// Paths of unix sockets that the server listens on, as the server sees them.
        public var unixSockets: [String]
        /// Configuration files that were read, in the order in which the engine reads them.
        public var configFiles: [String]
        /// The data directory first, then what the engine keeps elsewhere.
        public var dataDirectories: [DataDirectory]
        /// The container that the server runs in.
        @ExplicitNull public var container: Container?
        /// The package that owns the executable.
        @ExplicitNull public var package: Package?
        /// The part it plays, where files or processes tell.
        @ExplicitNull public var role: Role?
        /// What groups the members of one cluster: `system_identifier`, `server_uuid`, `replica_set`.
        public var identity: [String: String]
        /// Settings from an allow-list; never one that can hold a secret.
        public var settings: [String: String]
        /// Where each value came from, and the values that lost.
        public var evidence: [Evidence]

        /// A database of which only `engine`, `state` and `key` are known yet.
        public init(key: String, engine: String, state: State) {
            self.key = key
            self.engine = engine
            self.state = state
            listeners = []
            unixSockets = []
            configFiles = []
            dataDirectories = []
            identity = [:]
            settings = [:]
            evidence = []
        }

        enum CodingKeys: String, CodingKey {
            case key, engine, vendor, state, version
            case versionPrecision = "version_precision"
            case process, listeners
            case unixSockets = "unix_sockets"
            case configFiles = "config_files"
            case dataDirectories = "data_directories"
            case container, package, role, identity, settings, evidence
        }
    }

    /// Where a value came from. Values that a better source overruled are kept too.
    public struct Evidence: Codable, Sendable, Equatable, Hashable {
        /// The report's field, such as `version` or `settings.port`.
        public var field: String
        /// What the source says, word for word where it is short.
        public var value: String
        /// A file, a kernel table or an argument.
        public var source: String

        /// `source` says that `field` is `value`.
        public init(field: String, value: String, source: String) {
            self.field = field
            self.value = value
            self.source = source
        }
    }

    /// The package that owns a database's software.
    public struct Package: Codable, Sendable, Equatable {
        /// Whose database knows the package.
        public struct Manager: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// Debian and Ubuntu.
            public static let dpkg = Self(rawValue: "dpkg")
            /// Red Hat, SUSE, Amazon Linux.
            public static let rpm = Self(rawValue: "rpm")
            /// Alpine.
            public static let apk = Self(rawValue: "apk")
            /// The values that this version knows.
            public static let allCases: [Self] = [.dpkg, .rpm, .apk]
        }
        /// Such as `postgresql-15`.
        public var name: String
        /// The package's full version, such as `15.18-0+deb12u1`.
        public var version: String
        /// Whose database knows the package.
        public var manager: Manager

        /// The package `name` in `version`.
        public init(name: String, version: String, manager: Manager) {
            self.name = name
            self.version = version
            self.manager = manager
        }
    }

    /// The container that a server runs in.
    public struct Container: Codable, Sendable, Equatable {
        /// `docker`, `containerd`, `cri-o`, `podman`, `ecs`.
        public var runtime: String
        /// The runtime's id: usually 64 hexadecimal digits.
        public var id: String
        /// The container's name.
        @ExplicitNull public var name: String?
        /// The image it was made from.
        @ExplicitNull public var image: String?
        /// The Kubernetes pod's name.
        @ExplicitNull public var pod: String?
        /// The Kubernetes namespace.
        @ExplicitNull public var namespace: String?

        /// The container `id` of `runtime`.
        public init(runtime: String, id: String) {
            self.runtime = runtime
            self.id = id
        }
    }
}

extension Report.Database {
    /// Reads a database; `Report.Extent` says how much of it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func optional<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            try values.decodeIfPresent(Value.self, forKey: key)
        }
        // Swift 6.2 does not compile assignments to wrapped properties after self.init in an extension.
        var database = Report.Database(
            key: try values.decode(String.self, forKey: .key), engine: try values.decode(String.self, forKey: .engine),
            state: try values.decode(State.self, forKey: .state))
        database.vendor = try optional(.vendor)
        database.version = try optional(.version)
        database.versionPrecision = try optional(.versionPrecision)
        database.listeners = try values.decode([Report.Listener].self, forKey: .listeners)
        database.dataDirectories = try values.decode([Report.DataDirectory].self, forKey: .dataDirectories)
        database.container = try optional(.container)
        database.role = try optional(.role)
        database.identity = try values.decode([String: String].self, forKey: .identity)
        let extent = Report.extent(decoder)
        if extent.contains(.process) { database.process = try optional(.process) }
        if extent.contains(.unixSockets) {
            database.unixSockets = try values.decode([String].self, forKey: .unixSockets)
        }
        if extent.contains(.configFiles) {
            database.configFiles = try values.decode([String].self, forKey: .configFiles)
        }
        if extent.contains(.package) { database.package = try optional(.package) }
        if extent.contains(.settings) {
            database.settings = try values.decode([String: String].self, forKey: .settings)
        }
        if extent.contains(.evidence) {
            database.evidence = try values.decode([Report.Evidence].self, forKey: .evidence)
        }
        self = database
    }
}
