import AWSClient
import ArgumentParser
import Fleet
import Foundation
import Inventory
import Logging
import Store
import Terminal
import Web

/// `dbcensus-collector scan`: runs discovery once.
struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Find the databases of your AWS accounts, once, now.",
        discussion: """
            Without --account, --region, --instance or --tag the run covers what the configuration names. Without \
            --server it runs in this process, unless a service uses the store. Then the service does the work.

            To try it with your own session in one account, without a hub or a role:

              dbcensus-collector scan --profile dba --region eu-west-1

            Exit status: 0 all hosts that could be asked answered, 1 the run could not start or no host answered, 3 some \
            hosts, accounts or regions failed or the run was cancelled, 4 the run was halted, 64 usage error.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(name: .customLong("account"), help: "Only this account: 12 digits. It may be repeated.")
    var accounts: [String] = []

    @Option(name: .customLong("region"), help: "Only this region, such as eu-*. It may be repeated.")
    var regions: [String] = []

    @Option(name: .customLong("instance"), help: "Only this instance. It may be repeated.")
    var instances: [String] = []

    @Option(
        name: .customLong("tag"),
        help: "Only instances with this tag: KEY, or KEY=VALUE. Repeated, an instance must have all of them.")
    var tags: [String] = []

    @Option(help: "Use this profile of your AWS configuration, without a role unless discovery.role_name is set.")
    var profile: String?

    @Flag(help: "Wait until the run ends. scan always waits when it does the work itself.")
    var wait = false

    @Flag(help: "Show the hosts, the commands and the permissions that a run needs. Send nothing.")
    var dryRun = false

    @Option(help: "Continue and follow this run instead of beginning one.")
    var attach: String?

    @OptionGroup var remote: RemoteOptions

    @Option(help: "How to write the result.")
    var format: Format = .text

    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

    private var request: ScanRequest {
        ScanRequest(accounts: accounts, regions: regions, instances: instances, tags: tags)
    }

    func validate() throws {
        if let invalid = request.invalid { throw ValidationError(invalid) }
        guard remote.server == nil || (profile == nil && !dryRun) else {
            throw ValidationError("--profile and --dry-run work in this process: leave out --server.")
        }
        guard attach == nil || (request == ScanRequest() && !dryRun) else {
            throw ValidationError(
                "--attach follows an existing run: leave out --dry-run, --account, --region, --instance and --tag.")
        }
    }

    func run() async throws {
        let source: any ScanSource
        if let server = try remote.remote() {
            source = RemoteScan(server: server)
        } else {
            var configured = try options.load()
            if profile != nil, configured.sources["discovery.role_name"] == nil {
                configured.value.discovery.settings.roleName = nil
            }
            if dryRun {
                return try await ScanPreview(
                    configuration: configured.value.discovery, profile: profile, request: request
                ).run(format)
            }
            source = try LocalScan(
                configured.value, isLogged: configured.sources["log.level"] != nil, profile: profile,
                region: homeRegion, words: options.words + (profile.map { ["--profile", $0] } ?? []))
        }
        let id = try await begin(source)
        guard wait || attach != nil || source.mustWait else {
            try Output.print(format == .json ? try JSONText.of(["job_id": id]) : PlainText.neutralised(id) + "\n")
            return Talk.say("The run began. Follow it with: \(source.reattach(id))")
        }
        let follower = ScanFollower(source: source, id: id, isTerminal: isatty(STDERR_FILENO) == 1)
        let end = try await follower.run()
        await source.close()
        try ScanSummary(progress: end).write(format)
        try ScanSummary(progress: end).exit()
    }

    /// A single region is also the one in which AWS is asked for identities and accounts.
    private var homeRegion: String? { regions.count == 1 && !regions[0].contains("*") ? regions[0] : nil }

    private func begin(_ source: any ScanSource) async throws -> String {
        guard let attach else { return try await source.begin(request) }
        guard try await source.progress(attach) != nil else {
            throw CollectorError(exitCode: .usage, message: "there is no run \(attach.prefix(80)): see `jobs`")
        }
        return attach
    }
}

/// What does the work of a scan: this process, a service on the same store, or a collector over HTTP.
protocol ScanSource: Sendable {
    /// Whether the work ends with this process.
    var mustWait: Bool { get }
    /// Begins a run, and returns its id.
    func begin(_ request: ScanRequest) async throws -> String
    /// How far a run is; nil when there is none.
    func progress(_ id: String) async throws -> JobProgress?
    /// Does the work, where this process has to, until the run has ended.
    func work(_ id: String) async throws
    /// The command that follows a run.
    func reattach(_ id: String) -> String
    /// Frees what it holds.
    func close() async
}

/// A run over a store's file.
struct LocalScan: ScanSource {
    private let configuration: Configuration
    private let store: InventoryStore
    /// Held while this process works; nil when a service does.
    private let lock: StoreLock?
    private let local: LocalDiscovery
    /// The options of the command line with which a run goes on, and the region in which it began.
    private let words: [String]
    private let region: String?

    init(
        _ configuration: Configuration, isLogged: Bool, profile: String?, region: String?, words: [String] = []
    ) throws {
        self.configuration = configuration
        self.region = region
        self.words = words.contains("--store") ? words : words + ["--store", configuration.store.path]
        lock = try configuration.store.service() == nil ? configuration.store.lock() : nil
        store = try StoreOptions.open(configuration.store)
        var live = configuration
        // What goes wrong is in the result.
        if !isLogged { live.log.level = .critical }
        // This process does the work, whatever the service leaves to others.
        var discovery = configuration.discovery
        discovery.takesTasks = true
        local = LocalDiscovery(
            discovery, store, profile: profile, region: region,
            logger: LogOutput.logger(LiveConfiguration(live))
        ) { [store] line in try? store.record([line], tokensUsed: [:]) }
    }

    /// On a server other processes may work on the run too.
    var mustWait: Bool { lock != nil || configuration.store.isServer }

    func begin(_ request: ScanRequest) async throws -> String {
        let user = ProcessInfo.processInfo.userName
        return try local.begin(
            request, origin: "cli", requestedBy: user.isEmpty ? "cli" : user, traceparent: nil, idempotencyKey: nil
        ).job.id
    }

    func progress(_ id: String) async throws -> JobProgress? { try store.progress(id) }

    func work(_ id: String) async throws {
        guard mustWait else { return }
        let presence = Task { [local, store] in try await Presence(local, .scan, store, nil).untilCancelled() }
        defer { presence.cancel() }
        try await local.discovery.run(isAlone: lock != nil) { [store] in
            try store.job(id)?.state.isEnded ?? true
        }
        presence.cancel()
        _ = await presence.result
        await retain()
    }

    /// Removes what is older than the retention from a server's store that no collector serves: nothing else would.
    private func retain() async {
        guard configuration.store.isServer else { return }
        do {
            let policy = configuration.retention
            let end = ContinuousClock.now + Self.longestRetention
            try await Blocking.run { [store] in
                guard try store.collectors()?.contains(where: { $0.kind == .serve }) == false else { return }
                var progress = RetentionProgress()
                while ContinuousClock.now < end, try store.retain(policy, &progress) {}
            }
        } catch { Talk.say("What is older than the retention could not be removed: \(error)") }
    }

    /// What is left then goes after the next scan.
    private static let longestRetention = Duration.seconds(600)

    func reattach(_ id: String) -> String {
        let command = ["dbcensus-collector", "scan", "--attach", id] + words.map(ConfigurationOptions.quoted)
        return (region.map { ["AWS_REGION=\($0)"] } ?? []).joined() + (region == nil ? "" : " ")
            + command.joined(separator: " ")
    }

    func close() async { await local.close() }
}
