import ArgumentParser
import Fleet
import Foundation
import Inventory
import Logging
import Store
import Stores
import Terminal

/// `dbcensus-collector demo`: an organisation to look at, without AWS.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Run discovery on a simulated organisation, and show what it finds.",
        discussion: """
            Starts fleet-simulator and scans its accounts once. Then it serves the API over what was found, until \
            Ctrl-C. As root, and with --document and --agents, one of the hosts is this very machine, scanned by the \
            real agent.
            """)

    @Option(help: "Accounts.") var accounts = 5
    @Option(help: "Regions, separated by commas.") var regions = "eu-west-1,eu-central-1,us-east-1"
    @Option(help: "Instances in each account and region.") var instances = 200
    @Option(help: "Where the store is made; without it in a folder of its own, which stays.", completion: .file())
    var store: String?
    @Option(help: "The simulator; without it the one that came with this program.", completion: .file())
    var simulator: String?
    @Flag(help: "End after the scan: do not serve the API.") var once = false
    @Option(name: .customLong("set"), help: "One setting of the API: server.port=PORT or server.address=ADDRESS.")
    var settings: [String] = []
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
        var configuration = try configuration()
        configuration.store.path = path
        configuration.discovery.externalID = "fleet"
        configuration.discovery.settings.organization.isEnabled = true
        (configuration.discovery.settings.concurrency.accounts, configuration.discovery.settings.concurrency.batches) =
            (max(20, accounts * 3), 400)
        configuration.discovery.settings.agent.bucket = "agents"
        // Its troubles are there on purpose.
        configuration.discovery.settings.canary.percent = 0
        configuration.discovery.settings.stopAt.failures = 100
        try await scan(configuration)
        try DemoTour(
            store: try InventoryStore(path: path, mode: .read), path: path, realHost: isReal ? fleet.firstHost : nil
        )
        .write()
        if once { return }
        try await DemoServer(configuration: configuration).run()
    }

    /// One run. It holds the store, which the API serves afterwards.
    private func scan(_ configuration: Configuration) async throws {
        let source = try LocalScan(configuration, isLogged: false, profile: nil, region: nil)
        let id = try await source.begin(ScanRequest())
        let end = try await ScanFollower(source: source, id: id, isTerminal: isatty(STDERR_FILENO) == 1).run()
        await source.close()
        try ScanSummary(progress: end).write(.text)
    }

    /// The settings of the API.
    private func configuration() throws -> Configuration {
        let variables = ProcessInfo.processInfo.environment.filter {
            ["DBCENSUS_SERVER_ADDRESS", "DBCENSUS_SERVER_PORT"].contains($0.key)
        }
        do throws(ConfigurationError) {
            var reader = ConfigurationReader(Configuration(), Setting.all)
            try reader.read(environment: variables)
            let known = ["server.address=", "server.port="]
            guard settings.allSatisfy({ setting in known.contains { setting.hasPrefix($0) } }) else {
                throw ConfigurationError("demo takes --set server.address=ADDRESS and --set server.port=PORT only")
            }
            try reader.read(flags: settings)
            let configuration = reader.configured.value
            // What is simulated may cross the network unencrypted; this machine's databases and a store may not.
            if isReal || store != nil { try configuration.validate() }
            return configuration
        } catch { throw CollectorError(exitCode: .configuration, message: error.message) }
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
        // Next to this program where both are built; in packages it is no command of its own.
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let places = ["fleet-simulator", "../libexec/dbcensus/fleet-simulator"].map {
            own.appending(path: $0).standardized.path
        }
        let candidates = simulator.map { [$0] } ?? places
        if let path = candidates.first(where: FileManager.default.isExecutableFile) { return path }
        throw CollectorError(
            exitCode: .noInput,
            message: """
                there is no program \(candidates.joined(separator: " or ")): build it with `swift build --product \
                fleet-simulator`, or name it with --simulator
                """)
    }
}
