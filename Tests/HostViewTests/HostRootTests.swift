import Foundation
import Testing

@testable import HostView

/// A directory that goes away with the test.
final class TemporaryDirectory {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ bytes: [UInt8] = Array("x".utf8)) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }
    func link(_ name: String, _ target: String) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
    }
}

/// Both ways of resolving must behave alike: openat2, and the walk for kernels without it.
@Suite("HostRoot", .serialized)
struct HostRootTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("etc/passwd", Array("inside".utf8))
        try directory.write("a/b/file", Array("0123456789".utf8))
        try directory.link("absolute", "/etc/passwd")
        try directory.link("escape", "../../../../../../etc/passwd")
        try directory.link("a/up", "../etc/passwd")
        try directory.link("a/b/root", "/")
        try directory.link("loop1", "loop2")
        try directory.link("loop2", "loop1")
        try directory.link("outside", "/proc/self/environ")
    }

    private func root(_ walks: Bool) throws -> HostRoot { try HostRoot(directory.path, walksComponents: walks) }

    @Test("links and .. never leave the root", arguments: [false, true])
    func containment(walks: Bool) throws {
        let root = try root(walks)
        for path in [
            "/etc/passwd", "/absolute", "/escape", "/a/up", "/../../etc/passwd", "/a/../../../etc/passwd",
            "/a/b/root/absolute",
            "//etc/./passwd",
        ] {
            #expect(try root.read(path).text == "inside", "\(path)")
        }
        #expect(throws: HostError.self) { try root.read("/outside") }
    }

    @Test("a loop of links, a missing file and a file for a directory have their numbers", arguments: [false, true])
    func refusals(walks: Bool) throws {
        let root = try root(walks)
        func number(_ path: String) -> Reason? {
            do throws(HostError) { _ = try root.read(path) } catch { return error.reason }
            return nil
        }
        #expect(number("/loop1") == .tooManyLinks)
        #expect(number("/none") == .noEntry)
        #expect(number("/etc/passwd/x") == .notDirectory)
        #expect(number("/etc") == .notRegular)
        #expect(number("/a\0b") == .nameTooLong)
        #expect(number("/" + String(repeating: "x", count: 5000)) == .nameTooLong)
        #expect(number("/" + String(repeating: "x", count: 300)) == .nameTooLong)
    }

    @Test("a FIFO and a device are refused without being opened", arguments: [false, true])
    func specialFiles(walks: Bool) throws {
        #expect(mkfifo(directory.path + "/fifo", 0o600) == 0)
        let root = try root(walks)
        #expect { try root.read("/fifo") } throws: { ($0 as? HostError)?.reason == .notRegular }
        if mknod(directory.path + "/zero", S_IFCHR | 0o666, 0x105) == 0 {
            #expect { try root.read("/zero") } throws: { ($0 as? HostError)?.reason == .notRegular }
        }
    }

    @Test("a path that leads into the kernel's own files is refused unless they are asked for")
    func kernelFiles() throws {
        let root = try HostRoot("/")
        #expect { try root.read("/proc/version") } throws: { ($0 as? HostError)?.reason == .notRegular }
        #expect(try root.read("/proc/version", kernelFiles: true).text.hasPrefix("Linux"))
    }

    @Test("a read is bounded, and has a shortfall when there was more", arguments: [false, true])
    func bounds(walks: Bool) throws {
        let root = try root(walks)
        #expect(try root.read("/a/b/file", limit: 10).isCut == false)
        let cut = try root.read("/a/b/file", limit: 9)
        #expect(cut.text == "012345678")
        #expect(cut.shortfalls == [HostError(operation: "read", path: "/a/b/file", reason: .tooLarge)])
        #expect(try root.read("/a/b/file", at: 4, count: 3) == Array("456".utf8))
        #expect(try root.read("/a/b/file", at: 8, count: 9) == Array("89".utf8))
        #expect(truncate(directory.path + "/a/b/file", 1 << 30) == 0)
        #expect(try root.read("/a/b/file").bytes.count == HostRoot.Limits.file)
    }

    @Test("a directory's names are sorted and bounded", arguments: [false, true])
    func listing(walks: Bool) throws {
        let root = try root(walks)
        #expect(try root.list("/a").value.map(\.name) == ["b", "up"])
        let cut = try root.list("/", limit: 3)
        #expect(cut.value.count == 3)
        #expect(cut.shortfalls == [HostError(operation: "list", path: "/", reason: .tooLarge)])
        #expect(try root.link("/a/up") == "../etc/passwd")
        #expect(try root.status("/a/up", followingLast: false).kind == .link)
        #expect(try root.status("/a/up").kind == .regular)
    }

    @Test("a confined root keeps its names, and no link leads out of it")
    func confined() throws {
        let directory = try TemporaryDirectory()
        try directory.write("volume/a/file")
        try directory.write("secret")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/volume/out", withDestinationPath: "/secret")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/volume/up", withDestinationPath: "../secret")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/volume/in", withDestinationPath: "/a/file")
        for walks in [false, true] {
            let root = try HostRoot(directory.path, walksComponents: walks).confined(to: "/volume")
            #expect(root.exists("/volume/a/file") && root.exists("/volume") && root.exists("/volume/in"))
            #expect(
                !root.exists("/volume/out") && !root.exists("/volume/up") && !root.exists("/secret")
                    && !root.exists("/volumes"))
            #expect(try root.canonical("/volume/in") == "/volume/a/file" && root.canonical("/volume") == "/volume")
            #expect(try root.list("/volume").value.map(\.name) == ["a", "in", "out", "up"])
        }
    }

    @Test("canonical names the place that links lead to", arguments: [false, true])
    func canonical(walks: Bool) throws {
        let root = try root(walks)
        #expect(try root.canonical("/a/b/root/a/up") == "/etc/passwd")
        #expect(try root.canonical("/a/b/root") == "/")
        #expect(try root.subroot("/a").read("/b/file").bytes.count == 10)
    }

    @Test("a pattern matches names, not more")
    func glob() throws {
        let root = try root(false)
        #expect(root.glob("/a/*").value == ["/a/b", "/a/up"])
        #expect(root.glob("/*/b/fi*").value == ["/a/b/file"])
        #expect(root.glob("/etc/pass*wd").value == ["/etc/passwd"])
        #expect(root.glob("/etc/passwd*passwd").value == [])
        #expect(root.glob("/none/*").value == [])
        for number in 0..<505 {
            for place in 0..<3 { try directory.write("many\(place)/\(number)") }
        }
        let one = root.glob("/many0/*")
        #expect(one.value.count == 500, "one directory's share")
        #expect(one.shortfalls == [HostError(operation: "list", path: "/many0", reason: .tooLarge)])
        let many = root.glob("/many*/*")
        #expect(many.value.count == HostRoot.globLimit)
        #expect(many.shortfalls.map(\.path) == ["/many0", "/many1", "/many2", "/many*/*"])
    }
}
