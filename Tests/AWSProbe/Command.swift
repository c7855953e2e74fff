import AWSClient
import Foundation

/// One command of the probe.
struct Command {
    let session: AWSSession
    let arguments: [String]

    private func argument(_ index: Int) -> String { arguments.count > index ? arguments[index] : "" }

    private var client: AWSClient {
        let variables = session.environment.variables
        let client = session.client()
        guard let role = variables["PROBE_ROLE"] else { return client }
        return client.assuming(role: role, session: "probe", externalID: variables["PROBE_EXTERNAL_ID"])
    }

    func run() async throws(AWSError) -> any Encodable & Sendable {
        switch argument(0) {
        case "credentials":
            let found = try await session.credentials.credentials()
            return [
                "key": found.accessKeyID, "secret": found.secretAccessKey, "token": found.sessionToken ?? "",
                "source": found.source,
            ]
        case "whoami":
            let found = try await client.send(STS.GetCallerIdentity())
            return ["account": found.account, "arn": found.arn, "user": found.userID]
        case "endpoints": return try endpoints()
        case "accounts":
            return try await client.all(Organizations.ListAccounts()).map { [$0.id, $0.currentState ?? ""] }
        case "roots": return try await client.all(Organizations.ListRoots()).map(\.id)
        case "units":
            return try await client.all(Organizations.ListOrganizationalUnitsForParent(parentId: argument(1))).map(\.id)
        case "accounts-of":
            return try await client.all(Organizations.ListAccountsForParent(parentId: argument(1))).map(\.id)
        case "regions":
            return try await client.send(EC2.DescribeRegions()).map { [$0.name, "\($0.isEnabled)"] }
        case "instances": return try await instances()
        case "nodes":
            return try await client.all(SSM.DescribeInstanceInformation()).map { [$0.instanceId, $0.pingStatus ?? ""] }
        case "send": return try await send()
        case "invocations":
            return try await client.all(SSM.ListCommandInvocations(commandId: argument(1))).map { invocation in
                [invocation.instanceId, invocation.status, invocation.commandPlugins?.first?.output ?? ""]
            }
        case "invocation":
            let found = try await client.send(
                SSM.GetCommandInvocation(
                    commandId: argument(1), instanceId: argument(2),
                    pluginName: arguments.count > 3 ? arguments[3] : nil))
            return [found.status, "\(found.responseCode ?? -1)", found.standardOutputContent ?? ""]
        case "cancel":
            _ = try await client.send(SSM.CancelCommand(commandId: argument(1)))
            return "cancelled"
        case "document":
            let found = try await client.send(SSM.DescribeDocument(name: argument(1))).document
            return [found.name, found.documentVersion ?? "", found.hash ?? "", found.hashType ?? ""]
        case "publish":
            return try await client.send(
                SNS.Publish(topicArn: argument(1), message: argument(2), attributes: ["severity": "high"]))
        case "put", "get", "head", "presign": return try await object()
        case "actions": return ActionList.all.map { [$0.permission] + $0.roles.map(\.rawValue).sorted() }
        case "database-password":
            return try await client.databasePassword(
                host: argument(1), port: Int(argument(2)) ?? 5432, user: argument(3))
        case "repeat":
            return try await Load(client: client, count: Int(argument(2)) ?? 1, width: Int(argument(3)) ?? 1)
                .run(argument(1))
        case "census":
            return try await Census(
                hub: client, width: Int(argument(1)) ?? 1, role: "dbcensus-spoke", externalID: "fleet"
            ).run()
        default: throw AWSError(.invalid, "unknown command \(argument(0))")
        }
    }

    /// Lines `SERVICE REGION` of standard input.
    private func endpoints() throws(AWSError) -> [String] {
        let services: [AWSService] = [.sts, .organizations, .ec2, .ssm, .s3, .sns]
        var found: [String] = []
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            guard let service = services.first(where: { $0.id == words[0] }) else {
                throw AWSError(.invalid, "unknown service \(words[0])")
            }
            found.append(try session.settings.endpoints.endpoint(service, region: words[1]).origin.description)
        }
        return found
    }

    private func instances() async throws(AWSError) -> [[String]] {
        let filters = arguments.count > 2 ? [QueryParameters.Filter(argument(1), [argument(2)])] : []
        return try await client.all(EC2.DescribeInstances(filters: filters)).map {
            [$0.id, $0.state, $0.tags["Name"] ?? "", $0.launchedAt == nil ? "no" : "launched"]
        }
    }

    private func send() async throws(AWSError) -> [String] {
        let ids = argument(2).split(separator: ",").map(String.init)
        var action = SSM.SendCommand(documentName: argument(1), instanceIds: ids)
        if arguments.count > 4 {
            (action.documentVersion, action.documentHash, action.documentHashType) = (
                argument(3), argument(4), "Sha256"
            )
        }
        let command = try await client.send(action).command
        return [command.commandId, command.status ?? "", "\(command.targetCount ?? -1)"]
    }

    private func object() async throws(AWSError) -> [String] {
        let (bucket, key) = (argument(1), argument(2))
        switch argument(0) {
        case "put":
            return [
                try await client.send(S3.PutObject(bucket: bucket, key: key, body: Array(argument(3).utf8))).etag ?? ""
            ]
        case "get":
            let found = try await client.send(S3.GetObject(bucket: bucket, key: key))
            return [String(decoding: found.body, as: UTF8.self), found.etag ?? ""]
        case "head":
            let found = try await client.send(S3.HeadObject(bucket: bucket, key: key))
            return ["\(found.length ?? -1)", found.etag ?? ""]
        default:
            return [
                try await client.presign(S3.GetObject(bucket: bucket, key: key), seconds: Int(argument(3)) ?? 3_600)
            ]
        }
    }
}
