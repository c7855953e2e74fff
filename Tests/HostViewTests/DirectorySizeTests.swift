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
}
