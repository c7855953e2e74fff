import ArgumentParser
import Engines
import FoundationEssentials
import Glibc
import Report
import Terminal

/// `dbcensus-agent scan`: looks at one host and reports.
struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Scan this host and report its databases (the default command).")

    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json, frame }

    @Option(help: "The format of the report: a table for people, JSON, or a frame for channels that truncate output.")
    var format: Format = .table

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.", completion: .file())
    var output: String?

    @Option(
        help: "Use this directory as the host's /: an unpacked image, a mounted snapshot, /host in a container.",
        completion: .directory)
    var root = "/"

    @Flag(help: "With --root: read the processes from plain files in its /proc, as recorded for tests.")
    var recordedProc = false

    @Option(help: "Stop after this time and report what is known: 30s, 500ms, 2m.")
    var deadline = Seconds(value: 30)

    @Flag(help: "Do not measure data directories.")
    var noSizes = false

    @Option(name: .customLong("engine"), help: "Look for this engine only; repeat it for several engines.")
    var engines: [String] = []

    @Option(
        help: ArgumentHelp(
            "Look for these engines too, with commas between them, or for all: they are in preview, and may be wrong.",
            valueName: "ids"))
    var also: [String] = []

    @Option(help: "Write at most this many bytes of JSON or frame. The report lists the details that it leaves out.")
    var maxOutput: Int?

    @Option(
        name: .customLong("frame"),
        help: "Write a frame: 1 holds gzip, 2 is half as long. Collectors and `decode` read both.")
    var frameVersion: Int?

    @Flag(help: "With a table: print where each value comes from.")
    var explain = false

    @Flag(help: "Run without the sandbox, to find out whether it causes a problem.")
    var noSandbox = false

    private var alsoIDs: [String] {
        let ids = also.flatMap { $0.split(separator: ",").map(String.init) }
        return ids.contains("all") ? EngineRegistry.preview.map(\.id) : ids
    }

    private var chosenFormat: Format { frameVersion == nil ? format : .frame }

    func validate() throws {
        let known = EngineRegistry.all.map(\.id)
        for engine in engines + alsoIDs where !known.contains(engine) {
            throw ValidationError("Unknown engine '\(engine)'. Known engines: \(known.joined(separator: ", ")).")
        }
        if let frameVersion {
            guard Frame.Version(rawValue: frameVersion) != nil else {
                throw ValidationError("Unknown frame version \(frameVersion). Known versions: 1, 2.")
            }
            guard format != .json else { throw ValidationError("--frame writes a frame: leave out --format json.") }
        }
        if let maxOutput, maxOutput < OutputLimit.minimum || chosenFormat == .table {
            throw ValidationError(
                "--max-output must be at least \(OutputLimit.minimum) bytes, and needs --format json or frame.")
        }
        if explain, chosenFormat != .table {
            throw ValidationError("--explain needs --format table; JSON always contains the evidence.")
        }
    }

    func run() throws {
        Sandbox.limitMemory()
        let output = try Output(path: output)
        var options = ScanOptions(
            root: root, isRecorded: recordedProc, deadline: deadline.value, measuresSizes: !noSizes,
            engines: Set(engines), also: Set(alsoIDs))
        if !noSandbox { options.sandbox = Sandbox.enter(output: output.descriptor) }
        let report: Report
        do {
            report = try Scanner(options).run()
        } catch {
            throw OutputError(description: "\(error)")
        }
        let version = frameVersion.flatMap(Frame.Version.init) ?? .gzip
        switch chosenFormat {
        case .json: try output.write(fitted(report) { try $0.json(.pretty) + [UInt8(ascii: "\n")] })
        case .frame: try output.write(fitted(report) { try Frame.encode($0, version: version) })
        case .table:
            let table = ReportTable(report, width: Talk.width(default: 80))
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
