import AWSClient
import Foundation

/// Asks every instance of every account for its report, with `width` accounts at a time: for the benchmark.
struct Census {
    let hub: AWSClient
    let width: Int
    let role: String
    let externalID: String

    /// - Returns: the accounts, instances, and reports, and the seconds that it took.
    func run() async throws(AWSError) -> [String: Double] {
        let start = ContinuousClock.now
        let accounts = try await hub.all(Organizations.ListAccounts())
        let found = await withTaskGroup(of: (Int, Int, Int).self) { group in
            var next = 0
            func add() {
                guard next < accounts.count else { return }
                let id = accounts[next].id
                next += 1
                group.addTask { await account(id) }
            }
            for _ in 0..<width { add() }
            var total = (0, 0, 0)
            for await (instances, reports, failures) in group {
                total = (total.0 + instances, total.1 + reports, total.2 + failures)
                add()
            }
            return total
        }
        return [
            "accounts": Double(accounts.count), "instances": Double(found.0), "reports": Double(found.1),
            "failures": Double(found.2), "seconds": (ContinuousClock.now - start) / .seconds(1),
        ]
    }

    private func account(_ id: String) async -> (instances: Int, reports: Int, failures: Int) {
        let client = hub.assuming(
            role: "arn:aws:iam::\(id):role/\(role)", session: "census", externalID: externalID)
        do throws(AWSError) {
            let instances = try await client.all(EC2.DescribeInstances())
            let nodes = try await client.all(SSM.DescribeInstanceInformation())
            let ids = nodes.filter { $0.pingStatus == "Online" && $0.platformType == "Linux" }.map(\.instanceId)
            let hubID = try await hub.send(STS.GetCallerIdentity()).account
            let document = "arn:aws:ssm:\(client.region):\(hubID):document/dbcensus"
            var reports = 0
            for first in stride(from: 0, to: ids.count, by: SSM.commandSize) {
                let batch = Array(ids[first..<min(ids.count, first + SSM.commandSize)])
                let sent = try await client.send(
                    SSM.SendCommand(documentName: document, instanceIds: batch, parameters: ["fetch": ["yes"]]))
                reports += try await answers(client, sent.command.commandId)
            }
            return (instances.count, reports, 0)
        } catch { return (0, 0, 1) }
    }

    /// Reads the invocations, ever less often, until all have ended.
    private func answers(_ client: AWSClient, _ command: String) async throws(AWSError) -> Int {
        var wait = 0.5
        while true {
            try? await Task.sleep(for: .seconds(wait))
            wait = min(wait * 2, 4)
            let invocations = try await client.all(SSM.ListCommandInvocations(commandId: command))
            guard invocations.allSatisfy({ !["Pending", "InProgress", "Delayed", "Cancelling"].contains($0.status) })
            else {
                continue
            }
            return invocations.count { invocation in
                invocation.commandPlugins?.first?.output?.hasPrefix("-----BEGIN DBCENSUS REPORT") ?? false
            }
        }
    }
}
