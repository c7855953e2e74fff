import Foundation
import Testing

@testable import HostView

/// The running kernel as the witness.
@Suite("The live host")
struct LiveHostTests {
    private func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try #require(bind(descriptor, $0, length) == 0)
                try #require(Glibc.listen(descriptor, 1) == 0)
                try #require(getsockname(descriptor, $0, &length) == 0)
            }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test("sock_diag and /proc/net/tcp agree on a socket, and the process holds it")
    func listeners() throws {
        let (descriptor, port) = try listen()
        defer { close(descriptor) }
        let root = try HostRoot("/")
        let proc = ProcFS(root)
        try #require(proc.isLive)
        let pid = getpid()
        let open = try OpenFiles.read(pid, proc, names: [])
        let asked = try SockDiag.listeners().values.first { $0.port == port }
        let read = NetTCP.parse(try proc.read("net/tcp").bytes).values.first { $0.port == port }
        #expect(asked != nil && asked == read)
        #expect(asked.map { open.value.sockets.contains($0.inode) } == true)
        #expect(SocketTable(proc).namespace(of: pid).value.tcp.values.contains { $0.port == port })
    }

    @Test("the process table holds this process with its details; an ended one is an error with a number")
    func processes() throws {
        let proc = ProcFS(try HostRoot("/"))
        var processes: [HostProcess] = []
        let table = try ProcessTable.read(proc) {
            processes.append($0)
            return true
        }
        #expect(table.value.pids == processes.map(\.pid) && !table.isCut)
        let own = try #require(processes.first { $0.pid == getpid() })
        #expect(own.executable == (try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")))
        #expect(own.arguments.count == 1, "of every process argv[0] alone is kept")
        var whole = own
        try whole.readArguments(proc)
        #expect(whole.arguments == CommandLine.arguments)
        let details = try ProcessDetails.read(getpid(), proc)
        #expect(details.ppid == getppid() && details.uid == geteuid())
        #expect(details.workingDirectory == FileManager.default.currentDirectoryPath)
        #expect { try ProcessDetails.read(Int32.max, proc) } throws: { ($0 as? HostError)?.reason.isAbsent == true }
    }

    @Test("a netlink answer with wrong lengths is refused")
    func netlink() {
        var found: [UInt64: TCPListener] = [:]
        for bytes in [
            [UInt8](repeating: 0xFF, count: 40), [UInt8](repeating: 0, count: 40),
            [8, 0, 0, 0] + [UInt8](repeating: 0, count: 20),
        ] {
            bytes.withUnsafeBytes { buffer in
                _ = #expect(throws: Reason.self) { try SockDiag.parse(buffer, into: &found) }
            }
        }
        #expect(found.isEmpty)
    }
}
