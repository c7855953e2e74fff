import AWSClient
import Inventory
import Logging

/// Runs the cleaning document on all hosts that are online, with the collector's own identity.
package struct HostCleaner: Sendable {
    /// An account and a region.
    package struct Scope: Codable, Sendable {
        package var account_id: String
        package var region: String
        package var code: ScopeCode
        package var detail: String?
        /// Hosts on which nothing of dbcensus is left.
        package var removed = 0
        /// Linux hosts whose SSM agent is not online.
        package var offline: [String] = []
        /// Hosts on which it failed, with AWS's word for it.
        package var failed: [String: String] = [:]

        /// Whether some host may still have the agent.
        package var isIncomplete: Bool { code.isFailure || !offline.isEmpty || !failed.isEmpty }
    }

    private let environment: FleetEnvironment
    private let settings: DiscoverySettings
    private let access: SpokeAccess
    private let job = Job(
        id: "clean", row: 0, state: .running, stage: .rest, stop: nil, requestedBy: "clean", request: ScanRequest(),
        settings: "", document: "", createdAt: "")

    /// Accounts and regions at a time.
    private static let width = 10
    private static let final: Set = ["success", "cancelled", "timedout", "failed"]

    package init(_ environment: FleetEnvironment, _ settings: DiscoverySettings) {
        self.environment = environment
        self.settings = settings
        access = SpokeAccess(environment)
    }

    /// All accounts and regions of the settings.
    package func run() async throws -> [Scope] {
        let hub = try await access.hub()
        let accounts = try await AccountFinder(
            settings: settings, request: ScanRequest(), hub: hub.client, hubAccount: hub.account,
            logger: environment.logger
        ).find().tasks
        let tasks = try await accounts.concurrentMap(Self.width) { account throws(AWSError) -> [NewTask] in
            if account.code != nil { return [account] }
            do throws(AWSError) {
                return try await RegionFinder.find(
                    try await access.spoke(account.accountID, job, settings), account: account.accountID, settings,
                    ScanRequest())
            } catch {
                return [
                    NewTask(
                        accountID: account.accountID, region: "*", code: TaskFailure(error).code, detail: "\(error)")
                ]
            }
        }.flatMap { $0 }
        return try await tasks.concurrentMap(Self.width) { task throws(AWSError) -> Scope in
            var scope = Scope(
                account_id: task.accountID, region: task.region, code: task.code ?? .ok, detail: task.detail)
            guard task.code == nil else { return scope }
            do throws(AWSError) { try await clean(&scope, hub) } catch {
                (scope.code, scope.detail) = (TaskFailure(error).code, "\(error)")
            }
            return scope
        }
    }

    private func clean(_ scope: inout Scope, _ hub: (client: AWSClient, account: String)) async throws(AWSError) {
        let client = try await access.spoke(scope.account_id, job, settings).in(region: scope.region)
        let nodes = try await client.all(SSM.DescribeInstanceInformation()).filter { $0.platformType == "Linux" }
        scope.offline = nodes.filter { $0.pingStatus != "Online" }.map(\.instanceId).sorted()
        let online = nodes.filter { $0.pingStatus == "Online" }.map(\.instanceId).sorted()
        guard !online.isEmpty else { return }
        let name = settings.document.name
        let document = try await hub.client.in(region: scope.region).send(SSM.DescribeDocument(name: name)).document
        guard document.hash?.lowercased() == ReleaseFiles.cleaning.sha256 else {
            throw AWSError(
                .configuration,
                "the document \(name) in \(scope.region) is not the one that removes the agent: run "
                    + "`dbcensus-collector deploy apply --cleaning` first")
        }
        for start in stride(from: 0, to: online.count, by: SSM.commandSize) {
            let hosts = Array(online[start..<min(online.count, start + SSM.commandSize)])
            var request = SSM.SendCommand(
                documentName: SpokeAccess.document(settings, client, hub: hub.account, account: scope.account_id),
                instanceIds: hosts)
            request.documentVersion = document.documentVersion
            (request.documentHash, request.documentHashType) = (ReleaseFiles.cleaning.sha256, "Sha256")
            request.timeoutSeconds = settings.deliverySeconds
            request.maxConcurrency = "100%"
            request.comment = "dbcensus: remove the agent"
            try await follow(try await client.send(request).command.commandId, hosts, client, &scope)
        }
    }

    private func follow(
        _ command: String, _ hosts: [String], _ client: AWSClient, _ scope: inout Scope
    ) async throws(AWSError) {
        var open = Set(hosts)
        var waited = 0.0
        while !open.isEmpty {
            guard waited < Double(settings.commandSeconds) else {
                for host in open { scope.failed[host] = "no answer" }
                return
            }
            let pause = min(10, 1 + waited / 5)
            do { try await client.environment.sleep(.seconds(pause)) } catch {
                throw AWSError(.cancelled, "the wait for the command \(command) was cancelled")
            }
            waited += pause
            for invocation in try await client.all(SSM.ListCommandInvocations(commandId: command)) {
                let status = invocation.status.replacing(" ", with: "").lowercased()
                guard Self.final.contains(status), open.remove(invocation.instanceId) != nil else { continue }
                if status == "success" {
                    scope.removed += 1
                } else {
                    scope.failed[invocation.instanceId] = invocation.statusDetails ?? invocation.status
                }
            }
        }
    }
}
