import ArgumentParser
import Glibc
import Report

/// `dbcensus-agent decode`: a frame, gzip or JSON, to JSON.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Print a report as indented JSON, from a frame, gzip or JSON.")

    @Argument(help: "The file to read; standard input by default.", completion: .file())
    var file: String?

    func run() throws {
        let bytes = try readInput()
        _ = Sandbox.enter(output: STDOUT_FILENO).lock()
        do {
            try Output(path: nil).write(try Self.report(in: bytes).json(.pretty) + [UInt8(ascii: "\n")])
        } catch let error as ReportError {
            throw OutputError(description: "\(file ?? "standard input"): \(error)")
        }
    }

    /// The one report in `bytes`, whatever its wrapping.
    static func report(in bytes: [UInt8]) throws(ReportError) -> Report {
        if bytes.starts(with: [0x1F, 0x8B]) { return try Report.decode(json: try Gzip.decompress(bytes)) }
        let frames = Frame.find(in: bytes, limit: 2)
        guard let frame = frames.first else {
            guard bytes.contains(UInt8(ascii: "{")) else {
                throw ReportError(.noReport, "not a frame, gzip or JSON")
            }
            return try Report.decode(json: bytes)
        }
        guard frames.count == 1 else {
            throw ReportError(.trailingBytes, "more than one frame; decode reads one at a time")
        }
        return try Report.decode(json: try Packed.decompress(try frame.packed.get()))
    }

    private func readInput() throws(OutputError) -> [UInt8] {
        let name = file ?? "standard input"
        let descriptor = file.map { open($0, O_RDONLY | O_CLOEXEC) } ?? STDIN_FILENO
        guard descriptor >= 0 else {
            throw OutputError(description: "cannot read \(name): \(String(cString: strerror(errno)))")
        }
        defer { if file != nil { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= ReportLimits.inflatedBytes {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw OutputError(description: "cannot read \(name): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw OutputError(description: "\(name): more than \(ReportLimits.inflatedBytes) bytes")
    }
}
