import AWSClient
import Fleet

/// One account step by step: each action that discovery calls there, once.
struct SpokeChecks {
    var checks: AWSChecks
    /// The account that shares the document.
    var hub: String
    /// Calls as the account's role.
    var client: AWSClient
    var hasExternalID: Bool

    /// No instance and no command has these ids: AWS checks the permission first, and then refuses the id.
    private static let noInstance = "i-00000000000000000"
    private static let noCommand = "00000000-0000-0000-0000-000000000000"

    func run(_ write: AWSChecks.Write) async throws {
        let me: String
        do throws(AWSError) { me = try await client.send(STS.GetCallerIdentity()).arn } catch {
            try write("sts:AssumeRole", .bad(AWSChecks.text(error) + hint(error)))
            return try write("other actions", .warning("not checked, because the role cannot be assumed"))
        }
        try write("sts:AssumeRole", .good(me))
        try await step("ec2:DescribeInstances", write) { () throws(AWSError) in
            let instances = try await client.all(EC2.DescribeInstances())
            let running = instances.count { $0.state == "running" }
            return "\(instances.count) instances in \(client.region), \(running) running"
        }
        try await step("ssm:DescribeInstanceInformation", write) { () throws(AWSError) in
            let nodes = try await client.all(SSM.DescribeInstanceInformation())
            let online = nodes.count { $0.pingStatus == "Online" }
            return "\(nodes.count) instances with an SSM agent, \(online) online"
        }
        let partition = Partition.of(client.region).id
        let document = checks.configuration.settings.document.name
        let arn =
            document.hasPrefix("arn:") ? document : "arn:\(partition):ssm:\(client.region):\(hub):document/\(document)"
        try write("ssm:DescribeDocument", await checks.document(client, name: arn))
        try await allowed("ssm:SendCommand", write) { () throws(AWSError) in
            _ = try await client.send(SSM.SendCommand(documentName: arn, instanceIds: [Self.noInstance]))
        }
        try await allowed("ssm:ListCommandInvocations", write) { () throws(AWSError) in
            _ = try await client.send(SSM.ListCommandInvocations(commandId: Self.noCommand))
        }
        try await allowed("ssm:GetCommandInvocation", write) { () throws(AWSError) in
            _ = try await client.send(SSM.GetCommandInvocation(commandId: Self.noCommand, instanceId: Self.noInstance))
        }
        try await allowed("ssm:CancelCommand", write) { () throws(AWSError) in
            _ = try await client.send(SSM.CancelCommand(commandId: Self.noCommand))
        }
    }

    private func step(_ name: String, _ write: AWSChecks.Write, _ call: () async throws(AWSError) -> String)
        async throws
    {
        let check: DoctorCommand.Check
        do throws(AWSError) { check = .good(try await call()) } catch { check = .bad(AWSChecks.text(error)) }
        try write(name, check)
    }

    /// Whether AWS refuses the id of the call, and not the call. Other refusals come before AWS looks at permissions.
    private func allowed(_ name: String, _ write: AWSChecks.Write, _ call: () async throws(AWSError) -> Void)
        async throws
    {
        do throws(AWSError) { try await call() } catch {
            guard ["InvalidInstanceId", "InvalidCommandId", "InvocationDoesNotExist"].contains(error.code) else {
                return try write(name, .bad(AWSChecks.text(error)))
            }
        }
        try write(name, .good("allowed"))
    }

    private func hint(_ error: AWSError) -> String {
        guard error.kind == .denied else { return "" }
        return
            ": the role \(checks.configuration.settings.roleName ?? "none") does not exist there, or its trust policy asks for another account or "
            + (hasExternalID ? "another external id" : "for an external id, which discovery.external_id does not set")
    }
}
