import Logging
import Store

/// How the collector runs. `Setting.all` says what each value is for and where it comes from.
struct Configuration: Sendable, Equatable {
    var store = "./dbcensus.sqlite"
    var server = Server()
    var limits = Limits()
    var retention = RetentionPolicy()
    var metrics = Metrics()
    var log = Log()

    /// Where the API listens, and how it is protected.
    struct Server: Sendable, Equatable {
        var address = "127.0.0.1"
        var port = 8629
        var certificate: String?
        var privateKey: String?
        var trustProxy = false
    }

    /// What a client may take.
    struct Limits: Sendable, Equatable {
        var requestsPerSecond = 50
        var requestBurst = 200
        var connections = 1_000
        var connectionsPerAddress = 200
        var headerSeconds = 10
        var bodySeconds = 60
        var idleSeconds = 60
        var bodyBytes = 16 << 20
        var inflatedBytes = 64 << 20
        var reportBytes = 16 << 20
        var reports = 4_096
        var queuedReports = 4_096
        var queuedBytes = 128 << 20
        var tokenRows = 20_000_000
        var tokenBytes = 4 << 30
        var tokenHosts = 50_000
    }

    /// Who may read the metrics, and where else they go.
    struct Metrics: Sendable, Equatable {
        var needsToken = true
        var isEmbedded = false
        var embeddedSeconds = 60
    }

    /// What the log looks like.
    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        var format = Format.auto

        enum Format: String, Sendable, CaseIterable { case auto, text, json }
    }

    /// Whether the API is spoken in TLS.
    var isTLS: Bool { server.certificate != nil || server.privateKey != nil }

    /// Throws what does not fit together.
    func validate() throws(ConfigurationError) {
        guard (server.certificate == nil) == (server.privateKey == nil) else {
            throw ConfigurationError("server.certificate and server.private_key belong together: name both or none")
        }
        guard isTLS || server.trustProxy || Self.isLoopback(server.address) else {
            throw ConfigurationError(
                """
                \(server.address) is no loopback address, and tokens would cross the network in the clear: \
                name server.certificate and server.private_key, or set server.trust_proxy to true when a proxy speaks TLS
                """)
        }
    }

    /// Whether `address` is of this machine alone.
    static func isLoopback(_ address: String) -> Bool {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return address == "::1" || address == "localhost"
            || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
    }
}

/// A configuration that makes no sense, and where.
struct ConfigurationError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
