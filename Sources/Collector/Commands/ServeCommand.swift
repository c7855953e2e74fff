import ArgumentParser
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import Report
import ServiceLifecycle
import Store
import Terminal
import UnixSignals

/// `dbcensus-collector serve`: the API over the store.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the API, until SIGTERM or SIGINT.",
        discussion: """
            Values come from --set, then from the environment (DBCENSUS_SERVER_PORT), then from the file. SIGHUP reads the \
            certificate and the settings again. The first start prints a token for this machine, once.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.load()
        let live = LiveConfiguration(configuration)
        let logger = LogOutput.logger(live)
        NIOSingletons.blockingPoolThreadCountSuggestion = max(4, 2 * System.coreCount)
        let lock = try StoreLock(path: configuration.store)
        defer { withExtendedLifetime(lock) {} }
        // The lock makes the file of a new store.
        let size =
            try? FileManager.default.attributesOfItem(
                atPath: URL(filePath: configuration.store).resolvingSymlinksInPath().path)[.size] as? Int
        if size ?? 0 > 0 { try InventoryStore.check(configuration.store) }
        let store = try InventoryStore(path: configuration.store)
        try Self.offerFirstToken(store)
        let (file, flags) = (options.config, options.flags)
        let server = try Server(
            store: store, live: live, load: { try ConfigurationOptions.load(file: file, flags: flags) }, logger: logger)
        try await server.run()
        try store.finish()
    }

    /// The first start of a store says how to get in: to whoever sees standard error, once and never again.
    private static func offerFirstToken(_ store: InventoryStore) throws {
        // A proxy on this machine may hide where a request comes from: this token is for making others, and ends soon.
        let made = try TokenMaker.make(
            name: "first start", scopes: [Scope.admin.rawValue], days: 1, loopbackOnly: true)
        guard try store.addFirstToken(made.row, hash: made.token.hash) else { return }
        Talk.say(
            "The first token, for this machine alone, shown once: \(made.token.text)")
        Talk.say("It ends after 24 hours, or when you make the next token.")
    }
}

/// Where a configuration comes from.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The configuration's file, in YAML.", completion: .file())
    var config: String?

    @Option(help: "The store's file.", completion: .file())
    var store: String?

    @Option(name: .customLong("set"), help: "One setting: section.key=value. It may be repeated.")
    var settings: [String] = []

    /// Settings of the command line.
    var flags: [String] { settings + (store.map { ["store.path=\($0)"] } ?? []) }

    func load() throws -> Configuration { try Self.load(file: config, flags: flags) }

    static func load(file: String?, flags: [String]) throws -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration.load(file: file, environment: ProcessInfo.processInfo.environment, flags: flags)
        } catch { throw CollectorError(exitCode: .configuration, message: error.message) }
    }
}

/// The services of a collector, put together: `main` and the tests build it the same way.
struct Server: Sendable {
    let backend: Backend
    private let tls: TLSFiles?

    private let load: @Sendable () throws -> Configuration

    init(
        store: InventoryStore, live: LiveConfiguration, load: @escaping @Sendable () throws -> Configuration,
        logger: Logger
    ) throws {
        let configuration = live.value
        self.load = load
        let metrics = Metrics()
        if let certificate = configuration.server.certificate, let key = configuration.server.privateKey {
            do throws(ConfigurationError) { tls = try TLSFiles(certificate: certificate, privateKey: key) } catch {
                throw CollectorError(exitCode: .configuration, message: error.message)
            }
        } else {
            tls = nil
        }
        backend = Backend(
            store: store, queue: IngestQueue(store, configuration.limits, metrics, logger), metrics: metrics,
            audit: AuditTrail(store, metrics, logger), access: Access(store, live), live: live,
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT; what was taken is stored before it returns.
    func run() async throws {
        var group = ServiceGroupConfiguration(
            services: [
                backend.audit, backend.queue, Upkeep(backend: backend),
                Reloads(tls: tls, live: backend.live, load: load, logger: backend.logger), try application(),
                // Services are stopped from the last to the first, each when the one after it has ended: the deadline is the first to hear.
                StopDeadline(logger: backend.logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: backend.logger)
        // A client that does not read its answer does not hold up the end.
        group.maximumGracefulShutdownDuration = .seconds(20)
        do { try await ServiceGroup(configuration: group).run() } catch let error as IOError {
            throw cannotListen(String(cString: strerror(error.errnoCode)))
        } catch let error as SocketAddressError { throw cannotListen("\(error)") }
    }

    private func cannotListen(_ why: String) -> CollectorError {
        let (address, port) = (backend.configuration.server.address, backend.configuration.server.port)
        return CollectorError(
            exitCode: .unavailable,
            message: "cannot serve at \(address), port \(port): \(why); --set server.port=… names another one")
    }

    private func application() throws -> some ApplicationProtocol {
        let configuration = backend.configuration
        let limits = configuration.limits
        let addresses = configuration.server.trustProxy ? nil : Addresses(limit: limits.connectionsPerAddress)
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [Deadlines(limits, addresses)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)))
        let logger = backend.logger
        let isTLS = tls != nil
        return Application(
            responder: Responder(backend),
            server: try tls.map { try .tls(http, tlsConfiguration: $0.configuration()) } ?? http,
            configuration: .init(
                address: .hostname(configuration.server.address, port: configuration.server.port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.server.port
                let host =
                    configuration.server.address.contains(":")
                    ? "[\(configuration.server.address)]" : configuration.server.address
                logger.notice(
                    "serving",
                    metadata: [
                        "url": "\(isTLS ? "https" : "http")://\(host):\(port)", "store": "\(configuration.store)",
                    ])
            }, logger: quiet(logger))
    }

    /// Hummingbird's own lines say nothing that ours do not.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// SIGHUP: the certificate and the settings are read again.
struct Reloads: Service {
    let tls: TLSFiles?
    let live: LiveConfiguration
    let load: @Sendable () throws -> Configuration
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                try tls?.reload()
                let new = try load()
                let isAll = live.take(new)
                logger.notice("reloaded", metadata: ["certificate": "\(tls == nil ? "none" : "read again")"])
                if !isAll { logger.warning("some settings that changed need a restart") }
            } catch let error as ConfigurationError {
                logger.error("nothing was reloaded", metadata: ["error": "\(error.message)"])
            } catch let error as CollectorError {
                logger.error("nothing was reloaded", metadata: ["error": "\(error.message)"])
            } catch { logger.error("nothing was reloaded", metadata: ["error": "\(error)"]) }
        }
    }
}
