import Logging
import ServiceLifecycle
import UnixSignals

/// SIGHUP: the collector reads its certificate and its settings again.
struct Reloads: Service {
    let tls: TLSFiles?
    let live: LiveConfiguration
    let load: @Sendable () throws -> Configuration
    let logger: Logger
    let manager: ServiceManager

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            manager.tell(.reloading)
            reload()
            manager.tell(.ready(status: "Serving"))
        }
    }

    private func reload() {
        do {
            let new = try load()
            try tls?.reload()
            let others = live.take(new)
            logger.notice("reloaded", metadata: ["certificate": "\(tls == nil ? "none" : "read again")"])
            if !others.isEmpty {
                logger.warning(
                    "settings changed that need a restart", metadata: ["settings": "\(others.joined(separator: ", "))"])
            }
        } catch let error as ConfigurationError {
            logger.error("reload failed, nothing changed", metadata: ["error": "\(error.message)"])
        } catch let error as CollectorError {
            logger.error("reload failed, nothing changed", metadata: ["error": "\(error.message)"])
        } catch { logger.error("reload failed, nothing changed", metadata: ["error": "\(error)"]) }
    }
}
