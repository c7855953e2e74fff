import Foundation
import Logging
import ServiceLifecycle

/// Ends the process when its services do not: a stop takes at most so long, even when a disk hangs.
///
/// What was acknowledged is durable, so nothing is lost by it.
struct StopDeadline: Service {
    let logger: Logger
    let manager: ServiceManager
    /// Seconds after the signal: what a graceful stop may take, and some more.
    static let seconds = 30.0

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await gracefulShutdown()
        } onGracefulShutdown: {
            manager.tell(.stopping)
            // A thread of its own: the pools may be what hangs.
            let logger = logger
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: Self.seconds)
                logger.critical("the services did not stop in time: exiting")
                _exit(ExitStatus.unavailable.rawValue)
            }
        }
    }
}
