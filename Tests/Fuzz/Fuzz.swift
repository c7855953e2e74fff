import Foundation
import HostView
import Report

@testable import Engines
@testable import HostView

/// The parsers of what others write, for libFuzzer (`make fuzz`): the first byte of an input chooses one, the rest is
/// what it reads.
///
/// A new parser of bytes or text gets its line here. Files go through a directory in memory, as they would through a
/// host's root.
private let parsers: [@Sendable ([UInt8], Scratch) -> Void] = [
    { bytes, scratch in scratch.packages("/var/lib/rpm/rpmdb.sqlite", bytes) },
    { bytes, scratch in scratch.packages("/var/lib/rpm/Packages.db", bytes) },
    { bytes, scratch in scratch.packages("/var/lib/rpm/Packages", bytes) },
    { bytes, scratch in scratch.packages("/lib/apk/db/installed", bytes) },
    { bytes, scratch in scratch.packages("/var/lib/dpkg/status", bytes) },
    { bytes, _ in
        guard let document = BSONDocument(bytes[...]) else { return }
        _ = MongoDBDiagnostics.parse(document, source: "fuzz")
        _ = MongoDBMember.parse(document, saidAt: 5)
    },
    { bytes, _ in
        _ = OptionFiles.parse(text(bytes))
        _ = YAMLMappings.parse(text(bytes))
        _ = SectionedLines.parse(text(bytes))
        _ = XMLElements.parse(text(bytes))
        _ = ConfigurationFormat.words.parse(text(bytes), names: [])
        _ = PostgreSQLFiles.parse(text(bytes))
    },
    { bytes, scratch in
        scratch.with("/etc/systemd/system/mysqld.service", bytes) { _ = ServiceUnit.all($0, names: ["mysql"]) }
    },
    { bytes, scratch in
        scratch.with("/program", bytes) { root in
            _ = try? ELF.readOnlyData(root.open("/program", deadline: Deadline(seconds: 10)))
        }
    },
    { bytes, _ in
        _ = Mounts(bytes).paths(to: "/var/lib/mysql", seenThrough: Mounts(bytes))
        _ = ControlGroup.parse(text(bytes))
        _ = NetTCP.parse(bytes)
        _ = NetUnix.parse(bytes)
        _ = ProcessDetails.parse(stat: text(bytes))
        _ = Users.parse(text(bytes))
        _ = OSRelease.parse(text(bytes))
        _ = HostProcess.parse(commandLine: bytes)
    },
    { bytes, _ in
        guard let document = JSONDocument(bytes) else { return }
        for key in document.keys { _ = (document[key]?.elements(), document.string(key), document.integer(key)) }
    },
    { bytes, _ in
        for frame in Frame.find(in: bytes) { _ = try? Report.decode(json: Packed.decompress(frame.packed.get())) }
        _ = try? Report.decode(json: bytes)
        _ = try? Gzip.decompress(bytes)
    },
    { bytes, _ in
        var found: [UInt64: TCPListener] = [:]
        _ = bytes.withUnsafeBytes { try? SockDiag.parse($0, into: &found) }
    },
]

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A host's root in memory that holds one file at a time.
private struct Scratch: Sendable {
    let path = "/dev/shm/dbcensus-fuzz-\(getpid())"

    func with(_ name: String, _ bytes: [UInt8], _ body: (HostRoot) -> Void) {
        let file = URL(filePath: path + name)
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        guard (try? Data(bytes).write(to: file)) != nil, let root = try? HostRoot(path) else {
            fatalError("no scratch directory at \(path)")
        }
        body(root)
        try? FileManager.default.removeItem(at: file)
    }

    func packages(_ name: String, _ bytes: [UInt8]) {
        with(name, bytes) { root in
            let packages = Packages(
                root, packageNames: ["mysql", "postgres"], fileNames: ["mysqld", "postgres"],
                deadline: Deadline(seconds: 10))
            _ = packages.owner(of: "/usr/sbin/mysqld", prefixes: ["mysql"])
        }
    }
}

private let scratch = Scratch()

/// libFuzzer's entry (llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 0 else { return 0 }
    parsers[Int(data[0]) % parsers.count](Array(UnsafeBufferPointer(start: data + 1, count: size - 1)), scratch)
    return 0
}
