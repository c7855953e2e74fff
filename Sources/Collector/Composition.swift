import AWSClient
import Fleet
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Inventory
import Logging
import NIOCore
import ServiceLifecycle
import Store
import Stores
import UnixSignals
import Web

/// Puts a collector together: `serve` and the tests build it the same way.
///
/// - Parameters:
///   - configuration: valid values.
///   - reload: reads the configuration again, on SIGHUP.
/// - Throws: `StoreError` when the store cannot be used, `CollectorError` for an unusable certificate.
func buildCollector(
    _ configuration: Configuration, reload: @escaping @Sendable () throws -> Configuration
) throws -> RunningCollector {
    let live = LiveConfiguration(configuration)
    let manager = ServiceManager()
    let logger = LogOutput.logger(live)
    let tls = try TLSFiles(configuration.server)
    let lock = try configuration.store.lock()
    manager.tell(.status("Checking the store"))
    try configuration.store.check()
    manager.tell(.status("Opening the store"))
    let store = try configuration.store.open()
    if let backup = store.upgradeBackup {
        logger.notice("upgraded the store of an older version", metadata: ["backup": "\(backup)"])
    }
    var backend = Backend(
        store, live.web, logger, spool: try configuration.spool.open(),
        patience: .seconds(configuration.spool.after))
    let local = LocalDiscovery(configuration.discovery, store, logger: logger) { [audit = backend.audit] in
        audit.add($0)
    }
    backend.discovery = local
    if !store.readReplicas.isEmpty { backend.replicated = store }
    let backups = Backups(configuration, store, logger: logger) { () async throws(AWSError) in try await local.hub() }
    backend.backups = { backups?.status }
    var background: [any Service] = [
        backend.audit, backend.queue, Upkeep(backend: backend, store: store, live: live, id: local.discovery.owner),
        MetricLines(backend: backend, live: live, tellsCoverage: true),
        Reloads(tls: tls, live: live, load: reload, logger: logger, manager: manager),
        Presence(local, .serve, store, backend), DiscoveryService(local: local, logger: logger, isAlone: lock != nil),
        Watchdog(manager: manager, logger: logger), Replicas(store: store, logger: logger),
    ]
    if let backups { background.append(backups) }
    if let delivery = SpoolDelivery(backend) { background.append(delivery) }
    return RunningCollector(
        store: store, backend: backend, live: live, lock: lock, background: background, tls: tls, manager: manager)
}

/// A collector whose parts are put together.
struct RunningCollector: Sendable {
    let store: InventoryStore
    let backend: Backend
    let live: LiveConfiguration
    /// Held as long as the collector runs.
    let lock: StoreLock?
    /// What runs next to the HTTP server.
    let background: [any Service]
    let tls: TLSFiles?
    let manager: ServiceManager
    /// Called with the URL once it serves.
    var onServing: @Sendable (_ url: String) -> Void = { _ in }

    private var logger: Logger { backend.logger }

    /// Serves until SIGTERM or SIGINT. Every report that was acknowledged is stored before it returns.
    func run() async throws {
        // Services stop from the last to the first, each after the one behind it: the deadline hears of a stop first.
        let services: [any Service] = background + [try application(), StopDeadline(logger: logger, manager: manager)]
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A client that does not read its answer must not delay the stop.
        group.maximumGracefulShutdownDuration = .seconds(20)
        do { try await ServiceGroup(configuration: group).run() } catch let error as IOError {
            throw cannotListen(String(cString: strerror(error.errnoCode)))
        } catch let error as SocketAddressError { throw cannotListen("\(error)") }
        try store.finish()
        withExtendedLifetime(lock) {}
    }

    private func cannotListen(_ why: String) -> CollectorError {
        let server = live.value.server
        return CollectorError(
            exitCode: .unavailable,
            message: """
                cannot listen on \(server.address), port \(server.port): \(why); name another port with \
                --set server.port=PORT
                """)
    }

    /// The HTTP server.
    func application() throws -> some ApplicationProtocol {
        let configuration = live.value
        let limits = configuration.limits
        let addresses = configuration.server.trustProxy ? nil : Addresses(limit: limits.connectionsPerAddress)
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [Deadlines(limits, addresses)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)))
        let (address, store, isTLS) = (configuration.server.address, store.path, tls != nil)
        // Hummingbird's own lines repeat ours.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return Application(
            responder: APIRouter.responder(backend),
            server: try tls.map { try .tls(http, tlsConfiguration: $0.configuration()) } ?? http,
            configuration: .init(
                address: .hostname(address, port: configuration.server.port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
            onServerRunning: { [logger, manager, onServing] channel in
                let port = channel.localAddress?.port ?? configuration.server.port
                let host = address.contains(":") ? "[\(address)]" : address
                let url = "\(isTLS ? "https" : "http")://\(host):\(port)"
                logger.notice("serving", metadata: ["url": "\(url)", "store": "\(store)"])
                if !manager.tell(.ready(status: "Serving")) {
                    logger.error("systemd was not told that the service is ready")
                }
                onServing(url)
            }, logger: quiet)
    }
}
