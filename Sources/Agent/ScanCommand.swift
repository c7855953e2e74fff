import ArgumentParser
import Engines
import FoundationEssentials
import Glibc
import Report
import Terminal

/// `dbcensus-agent scan`: looks at one host and reports.
struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Looks at this host and reports its databases (the default command).")

    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json, frame }

    @Option(help: "How to write the report: a table for people, JSON, or a frame for a channel that truncates.")
    var format: Format = .table

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.", completion: .file())
    var output: String?

    @Option(
        help: "Take this directory for the host's /: an unpacked image, a mounted snapshot, /host in a container.",
        completion: .directory)
    var root = "/"

    @Flag(help: "With --root: take plain files in its /proc for a recording of the host's processes.")
    var recordedProc = false

    @Option(help: "Write what is known by then: 30s, 500ms, 2m.")
    var deadline = Seconds(value: 30)

    @Flag(help: "Do not measure data directories.")
    var noSizes = false

    @Option(name: .customLong("engine"), help: "Look for this engine only; may be given several times.")
    var engines: [String] = []

    @Option(help: "Write at most this many bytes of JSON or frame; detail is left out, and the report says what.")
    var maxOutput: Int?

    @Flag(help: "With a table: print where each value comes from.")
    var explain = false

    @Flag(help: "Do without the kernel's sandbox, to find out whether it is in the way.")
    var noSandbox = false

    func validate() throws {
        let known = EngineRegistry.all.map(\.id)
        for engine in engines where !known.contains(engine) {
            throw ValidationError("There is no engine '\(engine)'. Known: \(known.joined(separator: ", ")).")
        }
        if let maxOutput, maxOutput < OutputLimit.minimum || format == .table {
            throw ValidationError(
                "--max-output takes \(OutputLimit.minimum) bytes or more, and goes with --format json or frame.")
        }
        if explain, format != .table {
            throw ValidationError("--explain goes with --format table; JSON holds the evidence.")
        }
    }

    func run() throws {
        Sandbox.limitMemory()
        let output = try Output(path: output)
        var options = ScanOptions(
            root: root, isRecorded: recordedProc, deadline: deadline.value, measuresSizes: !noSizes,
            engines: Set(engines))
        if !noSandbox { options.sandbox = Sandbox.enter(output: output.descriptor) }
        let report: Report
        do {
            report = try Scanner(options).run()
        } catch {
            throw OutputError(description: "\(error)")
        }
        switch format {
        case .json: try output.write(fitted(report) { try $0.json(.pretty) + [UInt8(ascii: "\n")] })
        case .frame: try output.write(fitted(report, Frame.encode))
        case .table:
            let table = ReportTable(report, width: Talk.width(standard: 80))
            try output.write(Array(table.text(explained: explain).utf8))
            table.problems().forEach(Talk.say)
        }
        // The worker may still hang in a read of a dead file system: leave without waiting for it.
        fflush(nil)
        _exit(0)
    }
}

extension ScanCommand {
    fileprivate func fitted(_ report: Report, _ encode: (Report) throws -> [UInt8]) throws -> [UInt8] {
        try maxOutput.map { try OutputLimit(bytes: $0).fit(report, encode) } ?? encode(report)
    }
}

/// A span of time on the command line: `30s`, `500ms`, `2m`, or a number of seconds.
struct Seconds: ExpressibleByArgument {
    static let range = 0.05...3600.0
    var value: Double

    init(value: Double) { self.value = value }

    init?(argument: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60)]
        let unit = units.first { argument.hasSuffix($0.0) }
        let digits = argument.dropLast(unit?.0.count ?? 0)
        guard let number = Double(digits), Self.range.contains(number * (unit?.1 ?? 1)) else { return nil }
        value = number * (unit?.1 ?? 1)
    }

    var defaultValueDescription: String { "\(Int(value))s" }
}
