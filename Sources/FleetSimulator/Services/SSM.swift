import Foundation

extension Call {
    /// Sources: AWS Systems Manager API Reference, version 2014-11-06, and what docs/fleet-simulator.md tells.
    func ssm(_ input: JSON) throws(AWSFailure) -> JSON {
        switch action {
        case "DescribeInstanceInformation": return try nodes(input)
        case "SendCommand": return try sendCommand(input)
        case "ListCommandInvocations": return try listInvocations(input)
        case "GetCommandInvocation": return try getInvocation(input)
        case "CancelCommand":
            let command = try command(input)
            simulator.commands.cancel(command, instances: input["InstanceIds"]?.strings.map { Set($0) })
            return .object([])
        default: return try documentAction(input)
        }
    }

    private func nodes(_ input: JSON) throws(AWSFailure) -> JSON {
        let size = input["MaxResults"]?.int ?? 10
        guard (5...50).contains(size) else {
            throw .validation(
                "1 validation error detected: Value '\(size)' at 'maxResults' failed to satisfy constraint: 5 to 50")
        }
        guard let start = Page.start(input["NextToken"]?.string) else {
            throw AWSFailure("InvalidNextToken", "The specified token isn't valid.")
        }
        let filters = (input["Filters"]?.array ?? []).map { ($0["Key"]?.string ?? "", $0["Values"]?.strings ?? []) }
        for (key, _) in filters where !["InstanceIds", "PingStatus", "PlatformTypes", "ResourceType"].contains(key) {
            throw AWSFailure("InvalidFilterKey", "The specified filter key isn't valid: \(key)")
        }
        let first = fleet.firstInstance(account, region: regionIndex)
        var found: [JSON] = []
        var number = start
        while number < fleet.size.instances, found.count < size {
            let instance = fleet.instance(first + number)
            number += 1
            guard instance.isKnownToSSM, !fleet.isGone(instance) else { continue }
            let isHybrid = instance.kind == .hybrid
            let isOnline = isHybrid || instance.kind == .managed || instance.kind == .windows
            let type = isHybrid ? "ManagedInstance" : "EC2Instance"
            let fields = [
                "InstanceIds": instance.id, "PingStatus": isOnline ? "Online" : "ConnectionLost",
                "PlatformTypes": instance.platform.type, "ResourceType": type,
            ]
            guard filters.allSatisfy({ key, values in fields[key].map(values.contains) ?? false }) else { continue }
            found.append([
                "InstanceId": .string(instance.id), "PingStatus": .string(isOnline ? "Online" : "ConnectionLost"),
                "LastPingDateTime": .time(Date(timeIntervalSinceNow: isOnline ? -60 : -86_400)),
                "AgentVersion": "3.3.3050.0", "IsLatestVersion": true, "PlatformType": .string(instance.platform.type),
                "PlatformName": .string(instance.platform.name), "PlatformVersion": .string(instance.platform.version),
                "ResourceType": .string(type), "IPAddress": .string(instance.privateAddress),
                "ComputerName": .string("\(instance.hostname).\(instance.region).compute.internal"),
                "SourceId": .string(instance.id),
                "SourceType": isHybrid ? "AWS::SSM::ManagedInstance" : "AWS::EC2::Instance",
            ])
        }
        return .object([
            ("InstanceInformationList", .array(found)),
            ("NextToken", number < fleet.size.instances ? .string(Page.token(number)) : nil),
        ])
    }

    private func sendCommand(_ input: JSON) throws(AWSFailure) -> JSON {
        let document = try document(input["DocumentName"]?.string ?? "").version(input["DocumentVersion"]?.string)
            .document
        if let hash = input["DocumentHash"]?.string, hash.lowercased() != document.hash {
            throw AWSFailure("InvalidDocument", "The document hash does not match the hash of the document's content.")
        }
        let instances = try targets(input)
        let timeout = input["TimeoutSeconds"]?.int ?? 3_600
        guard (30...2_592_000).contains(timeout) else {
            throw .validation(
                "1 validation error detected: Value '\(timeout)' at 'timeoutSeconds' failed to satisfy constraint: 30 to 2592000"
            )
        }
        let comment = input["Comment"]?.string ?? ""
        guard comment.utf8.count <= 100 else {
            throw .validation(
                "1 validation error detected: Value at 'comment' failed to satisfy constraint: at most 100 characters")
        }
        var given: [String: [String]] = [:]
        for (name, value) in input["Parameters"]?.fields ?? [] { given[name] = value?.strings ?? [] }
        guard given.reduce(0, { $0 + $1.key.utf8.count + $1.value.joined().utf8.count }) <= 64 << 10 else {
            throw AWSFailure("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
        }
        let values = try document.values(given)
        let count = instances.count
        let output = input["OutputS3BucketName"]?.string.map { "\($0)/\(input["OutputS3KeyPrefix"]?.string ?? "")" }
        let command = simulator.commands.send(
            document, values, to: instances, region: region, comment: comment, timeout: Double(timeout), output: output,
            concurrency: max(1, Self.limit(input["MaxConcurrency"]?.string ?? "50", of: count)),
            maxErrors: Self.limit(input["MaxErrors"]?.string ?? "0", of: count))
        return [
            "Command": [
                "CommandId": .string(command.id), "DocumentName": input["DocumentName"],
                "DocumentVersion": input["DocumentVersion"] ?? "$DEFAULT",
                "Comment": .string(comment), "ExpiresAfter": .time(command.sentAt.addingTimeInterval(Double(timeout))),
                "Parameters": input["Parameters"] ?? .object([]),
                "InstanceIds": .array(instances.map { .string($0.id) }), "Targets": [],
                "RequestedDateTime": .time(command.sentAt), "Status": "Pending", "StatusDetails": "Pending",
                "OutputS3Region": .string(region), "OutputS3BucketName": "", "OutputS3KeyPrefix": "",
                "MaxConcurrency": input["MaxConcurrency"] ?? "50", "MaxErrors": input["MaxErrors"] ?? "0",
                "TargetCount": .number(Double(count)), "CompletedCount": 0, "ErrorCount": 0, "DeliveryTimedOutCount": 0,
                "TimeoutSeconds": .number(Double(timeout)),
            ]
        ]
    }

    /// `10` or `20%` of a number of instances.
    private static func limit(_ text: String, of count: Int) -> Int {
        guard text.hasSuffix("%") else { return Int(text) ?? 0 }
        return (Int(text.dropLast()) ?? 0) * count / 100
    }

    private func targets(_ input: JSON) throws(AWSFailure) -> [Instance] {
        let targets = input["Targets"]?.array ?? []
        guard targets.count <= 5 else {
            throw .validation("1 validation error detected: Value at 'targets' failed to satisfy constraint: at most 5")
        }
        let first = fleet.firstInstance(account, region: regionIndex)
        if !targets.isEmpty {
            return (first..<first + fleet.size.instances).lazy.map(fleet.instance).filter { instance in
                instance.isKnownToSSM && instance.isRunning && !fleet.isGone(instance)
                    && targets.allSatisfy { target in
                        let values = target["Values"]?.strings ?? []
                        let key = target["Key"]?.string ?? ""
                        return key == "InstanceIds" ? values.contains(instance.id) : instance.matches((key, values))
                    }
            }
        }
        let ids = input["InstanceIds"]?.strings ?? []
        // Real AWS answers so to 51 (botocore #993).
        guard ids.count <= 50 else { throw service.throttled }
        guard !ids.isEmpty else { throw .validation("1 validation error detected: InstanceIds or Targets is needed") }
        guard Set(ids).count == ids.count else {
            throw AWSFailure("DuplicateInstanceId", "You can't specify an instance ID in more than one association.")
        }
        var instances: [Instance] = []
        var invalid: [String] = []
        for id in ids {
            if let instance = fleet.instance(id: id, account, region: regionIndex), instance.isKnownToSSM,
                instance.isRunning, !fleet.isGone(instance)
            {
                instances.append(instance)
            } else {
                invalid.append(id)
            }
        }
        guard invalid.isEmpty else {
            throw AWSFailure(
                "InvalidInstanceId",
                "Instances [[\(invalid.joined(separator: ", "))]] not in a valid state for account \(account.id)")
        }
        return instances
    }
}
