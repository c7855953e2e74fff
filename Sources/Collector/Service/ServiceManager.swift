import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Tells systemd how the service does, by the protocol of sd_notify(3).
///
/// A unit with `Type=notify` passes a datagram socket in `NOTIFY_SOCKET`. Without systemd there is none, and every call
/// does nothing.
struct ServiceManager: Sendable {
    /// What systemd is told.
    enum State {
        /// What the service does now; `systemctl status` shows it.
        case status(String)
        /// It serves.
        case ready(status: String)
        /// It reads its settings again, until it is ready once more.
        case reloading
        /// It ends.
        case stopping
        /// It is alive: the watchdog waits for the next one.
        case alive

        var text: String {
            switch self {
            case .status(let text): "STATUS=\(text)"
            case .ready(let status): "READY=1\nSTATUS=\(status)"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonic)"
            case .stopping: "STOPPING=1\nSTATUS=Storing what was accepted"
            case .alive: "WATCHDOG=1"
            }
        }

        /// Microseconds of CLOCK_MONOTONIC: systemd ignores a readiness from before the reload.
        private static var monotonic: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000 }
    }

    /// Where systemd listens: a path, or `@` and a name in Linux's abstract name space.
    private let socket: String?
    /// How long systemd waits for a sign of life before it ends the process; nil without a watchdog.
    let watchdog: Duration?

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        // WATCHDOG_PID names the process that is watched; a child that inherits the environment is not.
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        watchdog =
            isOurs
            ? environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// Sends `state`. A service manager that does not listen is no reason to stop.
    ///
    /// - Returns: false when it could not be sent.
    @discardableResult
    func tell(_ state: State) -> Bool {
        guard let socket else { return true }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socket.utf8)
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        // An abstract name has no zero at its end: the length says where it ends.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // systemd may be busy, at boot or while it reloads. A readiness that is lost would end the service after an
        // hour.
        // A struct timeval. Which module declares its members depends on what else is compiled with this file.
        var patience: (seconds: Int, microseconds: Int) = (5, 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
        let text = Array(state.text.utf8)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
                    == text.count
            }
        }
    }
}

/// Gives systemd's watchdog signs of life, as long as Swift's threads and those of the network answer.
///
/// It does not ask the store: a disk that hangs for a minute is no reason to end a process that holds reports.
struct Watchdog: Service {
    let manager: ServiceManager
    let logger: Logger
    /// The threads of the network, all of which have to answer.
    var loops: MultiThreadedEventLoopGroup = .singleton

    func run() async throws {
        guard let interval = manager.watchdog else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for loop in loops.makeIterator() {
                    try? await loop.submit {}.get()
                }
                if !manager.tell(.alive) { logger.warning("systemd does not take signs of life") }
                // sd_watchdog_enabled(3) recommends half of the time.
                try? await Task.sleep(for: interval / 2)
            }
        }
    }
}
