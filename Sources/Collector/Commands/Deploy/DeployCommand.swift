import AWSClient
import ArgumentParser
import Fleet
import Foundation
import Logging
import Terminal

/// `dbcensus-collector deploy`: what templates cannot do, with an identity that only deploys.
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Publish a release in AWS, go back to an older one, or remove dbcensus.",
        discussion: """
            Run it with an identity of the hub account that may deploy, not with the collector's own role: hub.yaml has a \
            role for it. docs/deploy.md goes through a whole deployment.
            """,
        subcommands: [
            DeployPlanCommand.self, DeployApplyCommand.self, DeployCleanHostsCommand.self, DeployRemoveCommand.self,
        ])
}

/// What a deployment is about.
struct DeployOptions: ParsableArguments {
    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: "The folder of the release, with its document and agents. That of an older release goes back to it.",
        completion: .directory)
    var release: String?

    @Flag(help: "Publish the document that removes the agent from hosts, instead of a release.")
    var cleaning = false

    @Option(
        name: .customLong("region"),
        help: "Only this region, such as eu-*. It may be repeated. Without it all regions that discovery scans.")
    var regions: [String] = []

    @Flag(help: "A trial without an organisation: share the document with no other account.")
    var singleAccount = false

    @Option(name: .customLong("tag"), help: "A tag of new documents: KEY=VALUE. It may be repeated.")
    var tags: [String] = []

    @Option(help: "Use this profile of your AWS configuration.")
    var profile: String?

    func validate() throws {
        guard (release != nil) != cleaning else {
            throw ValidationError("Name the folder of a release with --release, or use --cleaning.")
        }
        _ = try pairs()
    }

    private func pairs() throws -> [String: String] {
        var pairs: [String: String] = [:]
        for tag in tags {
            let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { throw ValidationError("--tag \(tag): write KEY=VALUE") }
            pairs[String(parts[0])] = String(parts[1])
        }
        return pairs
    }

    /// Calls `body` with what carries a deployment out, and says why it failed.
    func with<Value: Sendable>(_ body: (Deployer, DiscoverySettings) async throws -> Value) async throws -> Value {
        var settings = try options.load().value.discovery.settings
        // Tags of accounts decide nothing here.
        settings.organization.readsTags = false
        let scope = try DeploymentScope(
            regions: regions, isSingleAccount: singleAccount, tags: pairs(), logger: Logger(label: "deploy"))
        do {
            let files =
                try release.map { try ReleaseFiles(folder: $0, delivery: settings.agent.delivery) } ?? .cleaning
            return try await DeploySession.with(profile: profile) { client in
                try await body(Deployer(client, settings, files, scope), settings)
            }
        } catch let error as AWSError {
            throw CollectorError(exitCode: .noRun, message: "\(error)")
        } catch let error as DeploymentError {
            throw CollectorError(exitCode: .noRun, message: error.description)
        }
    }
}

/// A session with AWS that is closed at the end.
enum DeploySession {
    static func with<Value: Sendable>(
        profile: String?, _ body: (AWSClient) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "deploy")
        logger.logLevel = .critical
        let session = try await AWSSession(
            variables: ProcessInfo.processInfo.environment, profile: profile, logger: logger)
        do {
            let value = try await body(session.client())
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }
}

/// `deploy plan`
struct DeployPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what has to change in AWS for a release. Change nothing.")

    @OptionGroup var deploy: DeployOptions

    @Option(help: "How to write the plan.")
    var format: ScanCommand.Format = .text

    func run() async throws {
        let (plan, settings) = try await deploy.with { deployer, settings in (try await deployer.plan(), settings) }
        try DeployOutput(plan: plan, settings: settings).write(format)
    }
}

/// `deploy apply`
struct DeployApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Publish a release in AWS: agents, document, sharing, default version.",
        discussion: """
            It goes from region to region, and ends at the first error. Run it again to continue. With --region you change \
            one region first. To go back, apply the older release.
            """)

    @OptionGroup var deploy: DeployOptions

    @Option(help: "Apply only if the plan still has this SHA-256, as `deploy plan` printed it.")
    var planDigest: String?

    @Flag(help: "Show what has to change, like `deploy plan`.")
    var dryRun = false

    @Option(help: "How to write the plan.")
    var format: ScanCommand.Format = .text

    func validate() throws {
        if let planDigest, planDigest.wholeMatch(of: /[0-9a-fA-F]{64}/) == nil {
            throw ValidationError("--plan-digest takes the 64 hex digits that `deploy plan` printed.")
        }
    }

    func run() async throws {
        let (plan, settings) = try await deploy.with { deployer, settings in
            let plan = try await deployer.plan()
            if let planDigest { try plan.check(planDigest) }
            if !dryRun { try await deployer.apply(plan, tell: DeployOutput.teller(plan)) }
            return (plan, settings)
        }
        try DeployOutput(plan: plan, settings: settings, isDone: !dryRun).write(format)
    }
}
