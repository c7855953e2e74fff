import ArgumentParser
import Fleet
import Foundation
import Inventory
import Logging
import Store
import Terminal

/// `dbcensus-collector demo`: an organisation to look at, without AWS.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Run discovery on a simulated organisation, and show what it finds.",
        discussion: """
            Starts fleet-simulator, which must be next to this program, and scans its accounts once. As root, and with \
            --document and --agents, one of the hosts is this very machine, scanned by the real agent.
            """)

    @Option(help: "Accounts.") var accounts = 5
    @Option(help: "Regions, separated by commas.") var regions = "eu-west-1,eu-central-1,us-east-1"
    @Option(help: "Instances in each account and region.") var instances = 2_000
    @Option(help: "Where the store is made; without it in a folder of its own, which stays.", completion: .file())
    var store: String?
    @Option(help: "The simulator; without it the one next to this program.", completion: .file()) var simulator: String?
    @Option(help: "The SSM document, from `make document`: then one host is this machine.", completion: .file())
    var document: String?
    @Option(help: "The folder with the agents of the document.", completion: .directory) var agents: String?

    func validate() throws {
        guard (1...1_000).contains(accounts), (1...100_000).contains(instances) else {
            throw ValidationError("--accounts is 1 to 1000, --instances 1 to 100000.")
        }
        guard (document == nil) == (agents == nil) else {
            throw ValidationError("Use --document and --agents together, or neither.")
        }
    }

    private var isReal: Bool { document != nil && geteuid() == 0 }

    func run() async throws {
        let path = try storePath()
        let fleet = try SimulatedFleet(
            program: try program(),
            [
                "--accounts", "\(accounts)", "--regions", regions, "--instances", "\(instances)", "--share", "mixed",
                "--seed", "6",
            ]
                + (isReal
                    ? ["--document", "dbcensus=\(document ?? "")", "--agents", agents ?? "", "--real-hosts", "1"] : []))
        defer { fleet.stop() }
        try introduce(fleet)
        var configuration = Configuration()
        configuration.store = path
        configuration.discovery.externalID = "fleet"
        configuration.discovery.settings.organization.isEnabled = true
        (configuration.discovery.settings.concurrency.accounts, configuration.discovery.settings.concurrency.batches) =
            (max(20, accounts * 3), 400)
        configuration.discovery.settings.agent.bucket = "agents"
        // Its troubles are there on purpose.
        configuration.discovery.settings.canary.percent = 0
        configuration.discovery.settings.stopAt.failures = 100
        let source = try LocalScan(configuration, isLogged: false, profile: nil, region: nil)
        let id = try await source.begin(ScanRequest())
        let end = try await ScanFollower(source: source, id: id, isTerminal: isatty(STDERR_FILENO) == 1).run()
        await source.close()
        try ScanSummary(progress: end).write(.text)
        try DemoTour(
            store: try InventoryStore(path: path, mode: .read), path: path, realHost: isReal ? fleet.firstHost : nil
        )
        .write()
    }

    private func introduce(_ fleet: SimulatedFleet) throws {
        let count = accounts * instances * regions.split(separator: ",").count
        var lines = [
            "Simulated: the AWS APIs of \(accounts) accounts with \(count) instances, and what their hosts report.",
            "Real: this collector, its store, and every call that it makes.",
        ]
        if let host = fleet.firstHost, isReal {
            lines.append("Real too: the host \(host) is this machine, scanned by the agent of the SSM document.")
        } else {
            let why = document == nil ? "give --document and --agents, as `make demo` does" : "run as root"
            lines.append("To scan this machine as one of the hosts: \(why).")
        }
        try Output.print(lines.joined(separator: "\n") + "\n\n")
    }

    private func storePath() throws -> String {
        if let store { return store }
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "dbcensus-demo-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appending(path: "dbcensus.sqlite").path
    }

    private func program() throws -> String {
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let path = simulator ?? own.appending(path: "fleet-simulator").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw CollectorError(
                exitCode: .noInput,
                message:
                    "there is no program \(path): build it with `swift build --product fleet-simulator`, or name it with --simulator"
            )
        }
        return path
    }
}

/// A simulator that runs as long as the demo.
private final class SimulatedFleet {
    /// The first instance: the one that can be this machine.
    let firstHost: String?
    private let process = Process()

    /// Starts it, and points this process to it instead of to AWS.
    init(program: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: program)
        process.arguments = arguments + ["--port", "0", "--rate", "50", "--burst", "200"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        struct First: Decodable {
            var url: String
            var access_key_id: String
            var secret_access_key: String
            var first_instance: String?
        }
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try pipe.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        guard let first = try? JSONDecoder().decode(First.self, from: line) else {
            throw CollectorError(exitCode: .unavailable, message: "\(program) did not start")
        }
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("AWS_") { unsetenv(name) }
        for (name, value) in [
            ("AWS_ENDPOINT_URL", first.url), ("AWS_ACCESS_KEY_ID", first.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", first.secret_access_key), ("AWS_REGION", "eu-west-1"),
            // Presigned URLs are made without a call; the document takes those of AWS.
            ("AWS_ENDPOINT_URL_S3", "https://s3.eu-west-1.amazonaws.com"), ("AWS_EC2_METADATA_DISABLED", "true"),
        ] { setenv(name, value, 1) }
        firstHost = first.first_instance
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// What a newcomer asks, and the commands that answer it.
struct DemoTour {
    let store: InventoryStore
    let path: String
    /// The instance that is this machine.
    let realHost: String?

    func write() throws {
        try counts("What runs, in which version?", "stats --by engine,version", ["engine", "version"])
        try counts(
            "What can be reached from other machines?", "stats --by engine,exposure --where exposure=all",
            ["engine", "exposure"], [Condition(field: "exposure", comparison: .equal, value: "all")])
        try coverage()
        if let realHost { try databases(of: realHost) }
        try Output.print("\nThe store stays in \(path).\n")
    }

    private func ask(_ question: String, _ command: String) throws {
        try Output.print("\n\(question)\n  dbcensus-collector \(command) --store \(path)\n")
    }

    private static let rows = 12

    private func print(_ table: Table, of count: Int) throws {
        try Output.print(table.lines(width: Talk.width(default: 120)).joined(separator: "\n") + "\n")
        if count > Self.rows { try Output.print("… and \(count - Self.rows) more\n") }
    }

    private func counts(_ question: String, _ command: String, _ columns: [String], _ conditions: [Condition] = [])
        throws
    {
        try ask(question, command)
        let stats = try store.stats(groupBy: columns, conditions: conditions, bounds: Bounds())
        var table = Table(columns.map { .init($0.uppercased()) } + [.init("DATABASES", right: true)])
        for item in stats.items.prefix(Self.rows) {
            table.add(columns.map { (item.group[$0] ?? nil) ?? "?" } + ["\(item.databases)"])
        }
        try print(table, of: stats.items.count)
    }

    private func coverage() throws {
        try ask("Which hosts do we not know, and why?", "coverage --by reason,detail")
        let coverage = try store.coverage(groupBy: ["reason", "detail"], conditions: [], bounds: Bounds())
        var table = Table([
            .init("REASON"), .init("DETAIL"), .init("HOSTS", right: true), .init("WHAT TO DO", fit: .cutEnd),
        ])
        let items = coverage.items.filter { !["ok", "no_database"].contains(($0.group["reason"] ?? nil) ?? "") }
        for item in items.prefix(Self.rows) {
            let reason = (item.group["reason"] ?? nil) ?? ""
            table.add([
                reason, (item.group["detail"] ?? nil) ?? "", "\(item.hosts)", Reason(rawValue: reason)?.remedy ?? "",
            ])
        }
        try print(table, of: items.count)
        try Output.print("\(coverage.answered) of \(coverage.hosts) instances answered.\n")
    }

    private func databases(of host: String) throws {
        try ask("And this machine?", "databases --host \(host)")
        var request = ListRequest()
        request.require("host", host)
        try Output.print(ListTable.text(.databases, try store.page(.databases, request).items))
    }
}
