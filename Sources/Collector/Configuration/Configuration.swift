import Fleet
import Foundation
import Inventory
import Logging
import Store
import Stores
import Web

/// How the collector runs. `Setting.all` has the name, the type and the help of each value; the defaults stand here.
struct Configuration: Sendable, Equatable {
    var store = StoreSettings()
    var server = Server()
    var limits = WebConfiguration.Limits()
    var retention = RetentionPolicy()
    var metrics = Metrics()
    var log = Log()
    var discovery = Discovery()
    var backup = Backup()
    var spool = Spool()

    /// Where the API listens, and how it is protected.
    struct Server: Sendable, Equatable {
        var address = "127.0.0.1"
        var port = 8629
        var certificate: String?
        var privateKey: String?
        var trustProxy = false
    }

    /// Who may read the metrics, and where else they go.
    struct Metrics: Sendable, Equatable {
        var needsToken = true
        var isEmbedded = false
        var embeddedSeconds = 60
        var embedsLabels = false
    }

    /// Where reports wait while the store cannot be reached.
    struct Spool: Sendable, Equatable {
        /// A folder of this collector's own; nil for no spool.
        var path: String?
        var bytes = 1 << 30
        var after = 10
    }

    /// How the accounts of the organisation are reached, and when.
    struct Discovery: Sendable, Equatable {
        /// What a run keeps of it.
        var settings = Self.standard
        var externalID: String?
        var externalIDFile: String?
        var schedule = Schedule()
        /// Whether `serve` works on runs itself.
        var takesTasks = true

        /// When runs begin by themselves.
        struct Schedule: Sendable, Equatable {
            var cron: String?
            var timeZone = "UTC"
            var jitter = Duration.seconds(0)
        }

        private static var standard: DiscoverySettings {
            var settings = DiscoverySettings()
            settings.agent.version = CollectorCommand.version
            return settings
        }
    }

    /// What the log looks like.
    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        var format = Format.auto

        enum Format: String, Sendable, CaseIterable { case auto, text, json }
    }

    /// Whether the collector speaks TLS.
    var isTLS: Bool { server.certificate != nil || server.privateKey != nil }

    /// What the API needs to know.
    var web: WebConfiguration {
        var web = WebConfiguration()
        web.trustProxy = server.trustProxy
        web.isTLS = isTLS
        web.metricsNeedToken = metrics.needsToken
        web.limits = limits
        web.version = CollectorCommand.version
        return web
    }

    /// Throws when values do not fit together.
    func validate() throws(ConfigurationError) {
        guard (server.certificate == nil) == (server.privateKey == nil) else {
            throw ConfigurationError("server.certificate and server.private_key belong together: set both or neither")
        }
        guard discovery.externalID == nil || discovery.externalIDFile == nil else {
            throw ConfigurationError("set discovery.external_id or discovery.external_id_file, not both")
        }
        if let hash = discovery.settings.document.hash, hash.wholeMatch(of: /[0-9a-f]{64}/) == nil {
            throw ConfigurationError(
                "discovery.document_hash is not a SHA-256: write the 64 hexadecimal digits that `make document` prints")
        }
        try discovery.validate()
        try backup.validate()
        guard !store.usesIAM || store.passwordFile == nil else {
            throw ConfigurationError("set store.rds_iam or store.password_file, not both")
        }
        guard store.isServer || discovery.takesTasks else {
            throw ConfigurationError(
                """
                discovery.takes_tasks is false, and a store in a file has no other process that works on runs: set it to \
                true, or set store.path to postgresql://…
                """)
        }
        guard store.isServer || store.readURLs.isEmpty else {
            throw ConfigurationError(
                "store.read_urls is for a store in PostgreSQL: set store.path to postgresql://…, or remove store.read_urls"
            )
        }
        guard store.readURLs.allSatisfy(InventoryStore.isServer) else {
            throw ConfigurationError(
                "store.read_urls has an address that is no server: write postgresql://USER@HOST/DATABASE for each")
        }
        guard store.isServer || spool.path == nil else {
            throw ConfigurationError(
                """
                spool.path is for a store in PostgreSQL, which the collector may lose sight of; a store in a file is on \
                the same machine: remove spool.path
                """)
        }
        guard !store.isServer || backup.to == nil else {
            throw ConfigurationError(
                """
                backup.to is for a store in a file. Back a PostgreSQL server up with its own means, such as snapshots or \
                pg_basebackup
                """)
        }
        guard isTLS || server.trustProxy || Loopback.contains(server.address) else {
            throw ConfigurationError(
                """
                server.address \(server.address) is not a loopback address, so tokens would cross the network \
                unencrypted: set server.certificate and server.private_key, or set server.trust_proxy to true when a \
                proxy terminates TLS
                """)
        }
    }

    /// The configuration of a file, an environment and flags, and where each value comes from.
    ///
    /// - Parameters:
    ///   - file: a YAML file; none when nil.
    ///   - flags: `section.key=value` each.
    static func load(
        file: String?, environment: [String: String], flags: [String]
    ) throws(ConfigurationError) -> Configured<Configuration> {
        var reader = ConfigurationReader(Configuration(), Setting.all)
        if let file { try reader.read(file: file) }
        try reader.read(environment: environment)
        try reader.read(flags: flags)
        try reader.configured.value.validate()
        return reader.configured
    }
}

extension Configuration.Discovery {
    /// The external id, from its setting or its file.
    func readExternalID() throws(ConfigurationError) -> String? {
        guard let file = externalIDFile else { return externalID }
        do throws(ConfigurationError) {
            return String(decoding: try RegularFile.read(file), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch { throw ConfigurationError("cannot read discovery.external_id_file: \(error.message)") }
    }

    /// Throws when values do not fit together.
    func validate() throws(ConfigurationError) {
        func check(_ name: String, _ cron: String, _ zone: String) throws(ConfigurationError) {
            do throws(Cron.Invalid) { _ = try Cron(cron, timeZone: zone) } catch {
                throw ConfigurationError("\(name): \(error.message)")
            }
        }
        if let cron = schedule.cron { try check("discovery.schedule", cron, schedule.timeZone) }
        for window in settings.maintenanceWindows {
            try check("discovery.maintenance_windows", window.cron, window.timeZone)
        }
        if let account = settings.accounts.first(where: { $0.id.wholeMatch(of: /[0-9]{12}/) == nil }) {
            throw ConfigurationError(
                "discovery.accounts: \"\(account.id.prefix(40))\" is no account: write 12 digits in quotes")
        }
    }
}

/// An invalid configuration: where, what is wrong, and what to do.
struct ConfigurationError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
