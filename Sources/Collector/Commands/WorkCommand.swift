import ArgumentParser
import Fleet
import Foundation
import Inventory
import Logging
import ServiceLifecycle
import Store
import UnixSignals
import Web

/// `dbcensus-collector work`: takes tasks of discovery, and serves nothing.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Work on runs of discovery, until SIGTERM or SIGINT.",
        discussion: """
            Start as many of these processes as you like, on any machines, next to one or more `serve` processes on the \
            same PostgreSQL store. They take tasks from its queue. They listen on no port. A process that ends gives its \
            tasks back; the tasks of one that was killed go to others after 90 seconds.

            Settings are those of `serve`. The schedule is not needed: `serve` begins its runs.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.load().value
        guard configuration.store.isServer else {
            throw CollectorError(
                exitCode: .configuration,
                message: """
                    `work` needs a store in PostgreSQL, which several processes can use: set store.path to \
                    postgresql://…, or let `serve` do the work
                    """)
        }
        let live = LiveConfiguration(configuration)
        let logger = LogOutput.logger(live)
        let manager = ServiceManager()
        let store = try configuration.store.open()
        var backend = Backend(store, live.web, logger)
        var discovery = configuration.discovery
        (discovery.schedule.cron, discovery.takesTasks) = (nil, true)
        let local = LocalDiscovery(discovery, store, logger: logger) { [audit = backend.audit] in audit.add($0) }
        backend.discovery = local
        let services: [any Service] = [
            backend.audit, MetricLines(backend: backend, live: live, tellsCoverage: false),
            Presence(local, .work, store, backend),
            DiscoveryService(local: local, logger: logger, isAlone: false), Watchdog(manager: manager, logger: logger),
            StopDeadline(logger: logger, manager: manager),
        ]
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(20)
        logger.notice("working", metadata: ["store": "\(store.path)", "id": "\(local.discovery.owner)"])
        manager.tell(.ready(status: "Working"))
        try await ServiceGroup(configuration: group).run()
        try store.finish()
    }
}
