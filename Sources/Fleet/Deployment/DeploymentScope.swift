import AWSClient
import Inventory
import Logging

/// Where a deployment goes: the regions, and the accounts that the document is shared with.
package struct DeploymentScope: Sendable {
    /// Regions, with `*` for any letters; empty for those that discovery scans.
    package var regions: [String]
    /// Whether only the hub account is scanned, so that nothing is shared.
    package var isSingleAccount: Bool
    /// Tags of what is created.
    package var tags: [String: String]
    package var logger: Logger

    package init(regions: [String], isSingleAccount: Bool, tags: [String: String] = [:], logger: Logger) {
        self.regions = regions
        self.isSingleAccount = isSingleAccount
        self.tags = tags
        self.logger = logger
    }

    struct Found {
        var account: String
        var regions: [String]
        /// Besides the hub.
        var accounts: [String]
        var notes: [String]
    }

    func find(_ client: AWSClient, _ settings: DiscoverySettings) async throws -> Found {
        guard !settings.document.name.hasPrefix("arn:") else {
            throw DeploymentError(
                "discovery.document is the ARN \(settings.document.name): write its name, and deploy in the account that has it"
            )
        }
        // Without its configuration a command would take the document away from all accounts.
        let namesAccounts = settings.organization.isEnabled || !settings.accounts.isEmpty
        guard isSingleAccount || (namesAccounts && settings.roleName != nil) else {
            throw DeploymentError(
                "the configuration names no accounts: discovery.organization.enabled is false and discovery.accounts is "
                    + "empty, or discovery.role_name is none. Name the collector's file with --config, or use --single-account for a trial"
            )
        }
        let hub = try await client.send(STS.GetCallerIdentity()).account
        var found = Found(account: hub, regions: [], accounts: [], notes: [])
        let patterns = settings.regions + settings.accounts.flatMap(\.regions)
        let tasks = RegionFinder.tasks(
            try await client.send(EC2.DescribeRegions()), account: hub, patterns: patterns, asked: regions)
        found.regions = tasks.filter { $0.code == nil }.map(\.region)
        for task in tasks where task.code != nil {
            guard !regions.contains(task.region) else {
                throw DeploymentError(
                    "the region \(task.region) is not enabled for the account \(hub): enable it there, or leave it out")
            }
            found.notes.append("\(task.region): left out, because the account \(hub) did not enable the region")
        }
        guard !found.regions.isEmpty else {
            throw DeploymentError(
                "no region of the account \(hub) matches \((regions.isEmpty ? settings.regions : regions).joined(separator: ", ")): correct discovery.regions or --region"
            )
        }
        guard !isSingleAccount else { return found }
        let accounts = try await AccountFinder(
            settings: settings, request: ScanRequest(), hub: client, hubAccount: hub, logger: logger
        ).find().tasks
        for account in accounts where account.accountID != hub {
            if let code = account.code {
                found.notes.append("account \(account.accountID): not shared with, \(account.detail ?? code.rawValue)")
            } else {
                found.accounts.append(account.accountID)
            }
        }
        guard found.accounts.count <= SSM.mostShared else {
            throw DeploymentError(
                "there are \(found.accounts.count) accounts, and AWS shares a document with \(SSM.mostShared): limit "
                    + "discovery.organization.organizational_units, and run a second collector for the others")
        }
        return found
    }
}
