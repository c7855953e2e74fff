import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import Collector

@Suite("The service manager")
struct ServiceManagerTests {
    /// A socket as systemd makes it, at a path or with an abstract name.
    private struct Listener: ~Copyable {
        let descriptor: Int32
        let name: String

        init(abstract: Bool) throws {
            let unique = "dbcensus-\(UUID().uuidString.prefix(8))"
            name = abstract ? "@\(unique)" : FileManager.default.temporaryDirectory.appending(path: unique).path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var path = Array(name.utf8)
            if abstract { path[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
            let length = socklen_t(2 + path.count)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(bound == 0)
        }

        deinit {
            close(descriptor)
            if !name.hasPrefix("@") { unlink(name) }
        }

        func read() -> String {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
    }

    @Test("says what sd_notify(3) defines, to a path and to an abstract name", arguments: [false, true])
    func states(abstract: Bool) throws {
        let listener = try Listener(abstract: abstract)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": listener.name])
        #expect(manager.tell(.status("Checking the store")))
        #expect(listener.read() == "STATUS=Checking the store")
        #expect(manager.tell(.ready(status: "Serving")))
        #expect(listener.read() == "READY=1\nSTATUS=Serving")
        #expect(manager.tell(.reloading))
        #expect(listener.read().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=\d+/) != nil)
        #expect(manager.tell(.stopping))
        #expect(listener.read().hasPrefix("STOPPING=1\n"))
        #expect(manager.tell(.alive))
        #expect(listener.read() == "WATCHDOG=1")
    }

    @Test("without a service manager, and with one that does not listen, nothing happens")
    func absent() {
        #expect(ServiceManager(environment: [:]).tell(.alive))
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]).tell(.alive))
        #expect(!ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"]).tell(.alive))
        #expect(
            !ServiceManager(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]).tell(.alive))
    }

    @Test("the watchdog waits for a thread of the network that hangs, and goes on when it answers")
    func hangingLoop() async throws {
        let listener = try Listener(abstract: true)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "20000"])
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let release = DispatchSemaphore(value: 0)
        let hangs = loops.next().submit { release.wait() }
        let service = ServiceGroup(
            configuration: .init(
                services: [.init(service: Watchdog(manager: manager, logger: logger, loops: loops))], logger: logger))
        let run = Task { try await service.run() }
        try await Task.sleep(for: .milliseconds(300))
        #expect(listener.read().isEmpty)
        release.signal()
        try await hangs.get()
        while listener.read() != "WATCHDOG=1" { try await Task.sleep(for: .milliseconds(5)) }
        await service.triggerGracefulShutdown()
        try await run.value
        try await loops.shutdownGracefully()
    }

    @Test("watches this process alone, and only with a time")
    func watchdog() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceManager(environment: environment).watchdog
        }
        #expect(interval(["WATCHDOG_USEC": "60000000"]) == .seconds(60))
        #expect(interval(["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(60))
        #expect(interval(["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
        #expect(interval([:]) == nil)
    }
}
