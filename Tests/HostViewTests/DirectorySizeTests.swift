import Foundation
import Testing

@testable import HostView

@Suite("Directory sizes")
struct DirectorySizeTests {
    private func du(_ flags: [String], _ path: String) throws -> Int64 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/du")
        process.arguments = flags + [path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return try #require(Int64(output.split(separator: "\t")[0]))
    }

    @Test("bytes and allocated bytes are du's: hard links once, links not followed, sparse files, deep and wide trees")
    func likeDu() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<300 { try directory.write("wide/\(number)", [UInt8](repeating: 1, count: number * 17)) }
        try directory.write((0..<60).map { "d\($0)" }.joined(separator: "/") + "/leaf")
        try directory.write("sparse")
        #expect(truncate(directory.path + "/sparse", 1 << 30) == 0)
        #expect(link(directory.path + "/wide/299", directory.path + "/second name") == 0)
        try directory.link("elsewhere", "/usr")
        try directory.link("here", ".")
        #expect(mkfifo(directory.path + "/fifo", 0o600) == 0)
        let size = try DirectorySize.measure("/", in: HostRoot(directory.path), deadline: Deadline(seconds: 60))
        #expect(size.shortfalls.isEmpty)
        #expect(size.allocatedBytes == (try du(["-s", "--block-size=1"], directory.path)))
        // Since coreutils 9.2 `du --apparent-size` leaves directories out; 9.1 on Debian 12 counts them, and so do we.
        let all = try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter { $0 != "second name" }
        let expected = all.reduce(into: Int64(0)) { sum, path in
            var status = stat()
            #expect(lstat(directory.path + "/" + path, &status) == 0)
            sum += Int64(status.st_size)
        }
        var top = stat()
        #expect(lstat(directory.path, &top) == 0)
        #expect(size.bytes == expected + Int64(top.st_size))
        #expect(size.files == Int64(all.count + 1))
    }

    @Test("a passed deadline cuts cleanly and is said")
    func deadline() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<2000 { try directory.write("\(number)") }
        let size = try DirectorySize.measure("/", in: HostRoot(directory.path), deadline: Deadline(seconds: 0))
        #expect(size.shortfalls == [.deadline])
        #expect(size.files < 2000)
    }

    @Test("a tree deeper than the limit is counted as far as it goes, and said")
    func tooDeep() throws {
        let directory = try TemporaryDirectory()
        try directory.write((0..<(TreeWalk.depthLimit + 20)).map { _ in "d" }.joined(separator: "/") + "/leaf")
        let size = try DirectorySize.measure("/", in: HostRoot(directory.path), deadline: Deadline(seconds: 60))
        #expect(size.shortfalls.count == 1)
        guard case .tooDeep = try #require(size.shortfalls.first) else { return #expect(Bool(false)) }
    }

    @Test("many trees at once: each is du's, whoever counted which part of it")
    func manyTrees() throws {
        let directory = try TemporaryDirectory()
        for tree in 0..<9 {
            for number in 0..<(tree * 300) {
                try directory.write("\(tree)/\(number % 7)/\(number)", [1, 2, 3])
            }
            try directory.write("\(tree)/file")
            // The same file under two names of one tree, and under one of the next: each tree has it once.
            #expect(link("\(directory.path)/\(tree)/file", "\(directory.path)/\(tree)/again") == 0)
            if tree > 0 { #expect(link("\(directory.path)/0/file", "\(directory.path)/\(tree)/shared") == 0) }
        }
        let root = try HostRoot(directory.path)
        let places = (0..<9).map { DirectorySize.Place("/\($0)", in: root) }
        // With a turn of one name, the trees change hands all the time.
        for turn in [100_000, 1] {
            let walk = TreeWalk(deadline: Deadline(seconds: 60), turn: turn)
            for (tree, size) in DirectorySize.measure(places, walk).enumerated() {
                #expect(try size.get().shortfalls.isEmpty)
                #expect(
                    try size.get().allocatedBytes == du(["-s", "--block-size=1"], "\(directory.path)/\(tree)"),
                    "\(tree)")
            }
        }
    }

    @Test("a directory with more names than a buffer holds is shared out and counted once")
    func flat() throws {
        let directory = try TemporaryDirectory()
        let count = NameBuffer.size / 24 * 5
        for number in 0..<count { try directory.write("flat/\(number)") }
        for _ in 0..<20 {
            let size = try DirectorySize.measure("/", in: HostRoot(directory.path), deadline: Deadline(seconds: 60))
            #expect(size.files == Int64(count + 2) && size.shortfalls.isEmpty)
        }
    }

    @Test("trees of many small directories take turns too: a small tree behind them is counted first")
    func turns() throws {
        let directory = try TemporaryDirectory()
        for tree in 0..<TreeWalk.threadLimit {
            for number in 0..<3_000 { try directory.write("big\(tree)/\(number)/file") }
        }
        try directory.write("small/file")
        let root = try HostRoot(directory.path)
        let places = ["/small"] + (0..<TreeWalk.threadLimit).map { "/big\($0)" }  // the last is taken first
        let walk = TreeWalk(deadline: Deadline(seconds: 60), turn: 50)
        let sizes = try DirectorySize.measure(places.map { DirectorySize.Place($0, in: root) }, walk).map {
            try $0.get()
        }
        #expect(sizes.map(\.files) == [2] + Array(repeating: 6_001, count: TreeWalk.threadLimit))
        #expect(walk.finished.first == 0)
    }

    @Test("what lies in two trees counts in the inner one; a directory that is given twice has its size twice")
    func nested() throws {
        let directory = try TemporaryDirectory()
        try directory.write("data/own", [UInt8](repeating: 1, count: 10))
        try directory.write("data/other/file", [UInt8](repeating: 1, count: 100))
        try directory.write("data/other/inner/file", [UInt8](repeating: 1, count: 1000))
        try directory.link("alias", "data")
        let root = try HostRoot(directory.path)
        let paths = ["/data", "/data/other", "/alias", "/data/other/inner", "/missing"]
        let sizes = DirectorySize.measure(
            paths.map { DirectorySize.Place($0, in: root) }, deadline: Deadline(seconds: 60))
        let directories = try ["data", "data/other", "data/other/inner"].map { path in
            var status = stat()
            try #require(lstat(directory.path + "/" + path, &status) == 0)
            return Int64(status.st_size)
        }
        #expect(try sizes[0].get().bytes == 10 + directories[0])
        #expect(try sizes[1].get().bytes == 100 + directories[1])
        #expect(try sizes[2].get() == sizes[0].get())
        #expect(try sizes[3].get().bytes == 1000 + directories[2])
        #expect(throws: HostError.self) { try sizes[4].get() }
    }

    @Test("a directory that may not be opened is named, and the rest is counted")
    func denied() throws {
        let directory = try TemporaryDirectory()
        try directory.write("locked/file")
        try directory.write("open/file")
        #expect(chmod(directory.path + "/locked", 0) == 0)
        defer { chmod(directory.path + "/locked", 0o700) }
        let size = try DirectorySize.measure("/", in: HostRoot(directory.path), deadline: Deadline(seconds: 60))
        if geteuid() == 0 {
            #expect(size.files == 5)
        } else {
            #expect(size.files == 4 && size.shortfalls == [.denied("//locked")])
        }
    }
}
