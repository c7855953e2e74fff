import AWSClient
import ArgumentParser
import Fleet
import Foundation
import Inventory
import Logging
import Store
import Terminal

/// `deploy clean-hosts`
struct DeployCleanHostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean-hosts", abstract: "Remove the agent from all hosts, before you remove dbcensus.",
        discussion: """
            It reaches every Linux host that is online, also those that discovery.instances.exclude_tags keeps out of runs, and \
            it waits for no maintenance window. Run it as the collector, which may send the document to hosts. First publish the document that removes the agent, \
            as the identity that deploys: `deploy apply --cleaning`.

            Exit status: 0 no host has the agent any more, 1 it could not begin, 3 some hosts were not reached.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Use this profile of your AWS configuration, without a role unless discovery.role_name is set.")
    var profile: String?

    @Option(help: "How to write the result.")
    var format: ScanCommand.Format = .text

    /// Hosts that are named one by one; JSON has all of them.
    private static let named = 50

    func run() async throws {
        var configured = try options.load()
        if profile != nil, configured.sources["discovery.role_name"] == nil {
            configured.value.discovery.settings.roleName = nil
        }
        let settings = configured.value.discovery.settings
        let scopes: [HostCleaner.Scope]
        do {
            scopes = try await TemporaryDiscovery.with(configured.value.discovery, profile: profile) {
                try await $0.clean(settings)
            }
        } catch let error as AWSError { throw CollectorError(exitCode: .noRun, message: "\(error)") }
        try write(scopes)
        let left = scopes.filter(\.isIncomplete)
        guard left.isEmpty else {
            throw CollectorError(
                exitCode: .someFailed,
                message:
                    "some hosts in \(left.count) accounts and regions may still have the agent: start them, or correct "
                    + "the errors, and run it again")
        }
    }

    private func write(_ scopes: [HostCleaner.Scope]) throws {
        guard format == .text else { return try Output.print(try JSONText.of(["scopes": scopes])) }
        var table = Table([
            .init("ACCOUNT"), .init("REGION"), .init("CODE"), .init("REMOVED", right: true),
            .init("FAILED", right: true), .init("OFFLINE", right: true), .init("DETAIL", fit: .cutEnd),
        ])
        for scope in scopes {
            table.add([
                scope.account_id, scope.region, scope.code.rawValue, "\(scope.removed)", "\(scope.failed.count)",
                "\(scope.offline.count)", scope.detail ?? "",
            ])
        }
        var lines = table.lines(width: Talk.width(default: 160))
        let hosts = scopes.flatMap { scope in
            scope.failed.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                + scope.offline.map { "\($0): offline" }
        }
        if !hosts.isEmpty { lines.append("") }
        lines += hosts.prefix(Self.named)
        if hosts.count > Self.named { lines.append("\(hosts.count - Self.named) more: see --format json") }
        try Output.print(lines.map { PlainText.neutralised($0) + "\n" }.joined())
    }
}

/// `deploy remove`
struct DeployRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove dbcensus from AWS: documents, sharing, agents, stacks.",
        discussion: """
            Without --plan-digest it shows what it would remove, and changes nothing. Remove the agent from the hosts first, \
            with `deploy apply --cleaning` and `deploy clean-hosts`: they need the document. StackSets belong to the \
            management account or to its delegated administrator: run it there once more, with --stack-set.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: .customLong("region"),
        help: "Only this region, such as eu-*. It may be repeated. Without it all regions that discovery scans.")
    var regions: [String] = []

    @Flag(help: "Remove the bucket of the agents too, if nothing else is in it.")
    var bucket = false

    @Option(name: .customLong("stack-set"), help: "A StackSet to remove, with its stacks. It may be repeated.")
    var stackSets: [String] = []

    @Option(name: .customLong("stack"), help: "A stack to remove from this account and region. It may be repeated.")
    var stacks: [String] = []

    @Flag(help: "The account is a delegated administrator for StackSets.")
    var delegated = false

    @Option(help: "Remove what the plan with this SHA-256 names, as this command printed it without the option.")
    var planDigest: String?

    @Option(help: "Use this profile of your AWS configuration.")
    var profile: String?

    @Option(help: "How to write the plan.")
    var format: ScanCommand.Format = .text

    func run() async throws {
        let settings = try options.load().value.discovery.settings
        let scope = DeploymentScope(regions: regions, isSingleAccount: true, logger: Logger(label: "deploy"))
        var parts = Remover.Parts()
        (parts.bucket, parts.stackSets, parts.stacks) = (bucket, stackSets, stacks)
        parts.callAs = delegated ? .delegatedAdministrator : .own
        let plan: DeploymentPlan
        do {
            plan = try await DeploySession.with(profile: profile) { [parts] client in
                let remover = Remover(client, settings, scope, parts)
                let plan = try await remover.plan()
                guard let planDigest else { return plan }
                try plan.check(planDigest)
                try await remover.apply(plan, tell: DeployOutput.teller(plan))
                return plan
            }
        } catch let error as AWSError { throw CollectorError(exitCode: .noRun, message: "\(error)") } catch let error
            as DeploymentError
        { throw CollectorError(exitCode: .noRun, message: error.description) }
        try DeployOutput(plan: plan, isDone: planDigest != nil).write(format)
    }
}
