import AWSClient
import Foundation
import Inventory

/// What a run would do, found out by the same listings, without sending or keeping anything.
package struct Preview: Codable, Sendable {
    /// An account and a region.
    package struct Scope: Codable, Sendable {
        package var account_id: String
        package var region: String
        /// How its listing ended.
        package var code: ScopeCode
        package var detail: String?
        /// The document's name there.
        package var document: String?
        /// Instances that would be asked.
        package var instances: [String]
        /// Commands that would be sent, of up to 50 instances each.
        package var commands: Int
        /// How many others there are, by reason and detail.
        package var others: [String: Int]
    }

    /// Who the collector is.
    package var identity: String
    /// The role that is assumed in each account; nil for none.
    package var role: String?
    package var document_version: String
    package var document_hash: String?
    /// The actions that a run calls, with the role that needs each.
    package var permissions: [String: [String]]
    package var scopes: [Scope] = []

    /// The actions of a run.
    private static let actions = [
        STS.GetCallerIdentity.description, STS.AssumeRole.description, Organizations.ListRoots.description,
        Organizations.ListAccounts.description, Organizations.ListAccountsForParent.description,
        Organizations.ListOrganizationalUnitsForParent.description, Organizations.ListTagsForResource.description,
        EC2.DescribeRegions.description, EC2.DescribeInstances.description,
        SSM.DescribeInstanceInformation.description, SSM.SendCommand.description,
        SSM.ListCommandInvocations.description, SSM.GetCommandInvocation.description, SSM.CancelCommand.description,
        SSM.DescribeDocument.description, S3.GetObject.description,
    ]
    /// Accounts and regions that are listed at a time.
    private static let width = 10

    package init(_ environment: FleetEnvironment, _ settings: DiscoverySettings, _ request: ScanRequest) async throws {
        let access = SpokeAccess(environment)
        let hub = try await access.hub()
        identity = try await hub.client.send(STS.GetCallerIdentity()).arn
        role = settings.roleName
        (document_version, document_hash) = (settings.document.version, settings.document.hash)
        let isHub = settings.roleName != nil
        permissions = Dictionary(
            Self.actions.filter { isHub || $0.roles.contains(.spoke) || $0.name == "GetCallerIdentity" }.map {
                ($0.permission, $0.roles.intersection([.hub, .spoke]).map(\.rawValue).sorted())
            }
        ) { $1 }
        let documents = DocumentFinder()
        let job = Job(
            id: "dry-run", row: 0, state: .running, stage: .rest, stop: nil, requestedBy: "dry-run", request: request,
            settings: "", document: settings.document.key, createdAt: "")
        let accounts = try await AccountFinder(
            settings: settings, request: request, hub: hub.client, hubAccount: hub.account,
            logger: environment.logger
        ).find().tasks
        let regions = try await accounts.concurrentMap(Self.width) { account throws(AWSError) -> [NewTask] in
            if account.code != nil { return [account] }
            do throws(AWSError) {
                let client = try await access.spoke(account.accountID, job, settings)
                return try await RegionFinder.find(client, account: account.accountID, settings, request)
            } catch { return [Self.failed(account, error)] }
        }.flatMap { $0 }
        scopes = try await regions.concurrentMap(Self.width) { task throws(AWSError) -> Scope in
            var scope = Scope(
                account_id: task.accountID, region: task.region, code: task.code ?? .ok, detail: task.detail,
                instances: [], commands: 0, others: [:])
            guard task.code == nil else { return scope }
            do throws(AWSError) {
                let client = try await access.spoke(task.accountID, job, settings).in(region: task.region)
                scope.document = SpokeAccess.document(settings, client, hub: hub.account, account: task.accountID)
                try await scope.list(client, settings, request)
                guard !scope.instances.isEmpty else { return scope }
                _ = try await documents.preview(settings, hub.client.in(region: task.region))
            } catch {
                let failed = Self.failed(task, error)
                (scope.code, scope.detail) = (failed.code ?? .failed, failed.detail)
            }
            return scope
        }
    }

    private static func failed(_ task: NewTask, _ error: AWSError) -> NewTask {
        NewTask(
            accountID: task.accountID, region: task.region, code: TaskFailure(error).code, detail: "\(error)")
    }
}

extension Preview.Scope {
    fileprivate mutating func list(
        _ client: AWSClient, _ settings: DiscoverySettings, _ request: ScanRequest
    ) async throws(AWSError) {
        let selection = HostSelection(settings: settings, request: request, account: account_id, region: region)
        let lister = HostLister(client: client, request: request)
        var nodes = try await lister.nodes()
        var hosts: [PlannedHost] = []
        do {
            try await lister.instances { page in
                hosts += page.map { selection.host($0, nodes.removeValue(forKey: $0.id)) }
            }
        } catch { throw error as? AWSError ?? AWSError(.other, "\(error)") }
        hosts += nodes.values.filter { $0.instanceId.hasPrefix("mi-") }.map(selection.host)
        var batches: [String: Int] = [:]
        for host in hosts where host.isInRun {
            guard let reason = host.reason else {
                instances.append(host.instance.id)
                batches[host.architecture, default: 0] += 1
                continue
            }
            others[[reason.rawValue, host.detail].compactMap { $0 }.joined(separator: " "), default: 0] += 1
        }
        instances.sort()
        commands = batches.values.reduce(0) { $0 + ($1 + SSM.commandSize - 1) / SSM.commandSize }
    }
}
