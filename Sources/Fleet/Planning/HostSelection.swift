import AWSClient
import Foundation
import Inventory

/// Decides which instances of a listing are asked, and why the others are not.
struct HostSelection: Sendable {
    let settings: DiscoverySettings
    let request: ScanRequest
    let account: String
    let region: String

    /// An instance, with what SSM knows of it.
    func host(_ instance: EC2.Instance, _ node: SSM.DescribeInstanceInformation.Node?) -> PlannedHost {
        var listed = ListedInstance(id: instance.id, state: instance.state, tags: instance.tags)
        listed.type = instance.type
        listed.availabilityZone = instance.availabilityZone
        listed.imageID = instance.imageID
        listed.vpcID = instance.vpcID
        listed.privateAddress = instance.privateAddress
        listed.launchedAt = instance.launchedAt
        listed.platform = node?.platformName ?? instance.platformDetails ?? instance.platform
        listed.architecture = instance.architecture
        add(node, to: &listed)
        var host = plan(listed)
        let isGone = ["terminated", "shutting-down"].contains(instance.state)
        if host.isInRun, isGone { return host.not(.terminated, instance.state) }
        guard host.isInRun, host.reason == nil else { return host }
        guard instance.state == "running" else { return host.not(.stopped, instance.state) }
        let isLinux = (node?.platformType).map { $0 == "Linux" } ?? (instance.platform?.lowercased() != "windows")
        guard isLinux, !(instance.architecture ?? "").hasSuffix("_mac") else {
            return host.not(.unsupportedPlatform, node?.platformType ?? instance.platform ?? instance.architecture)
        }
        guard let architecture = Self.architectures[instance.architecture ?? "x86_64"] else {
            return host.not(.unsupportedPlatform, instance.architecture)
        }
        guard let node else {
            return host.not(.notManaged, instance.profileARN == nil ? "no_instance_profile" : "no_ssm_agent")
        }
        guard node.pingStatus == "Online" else { return host.not(.offline, node.pingStatus) }
        host.architecture = architecture
        return host
    }

    /// A managed node outside EC2. SSM lists neither tags nor architecture: the document says when it is another one.
    func host(_ node: SSM.DescribeInstanceInformation.Node) -> PlannedHost {
        let isOnline = node.pingStatus == "Online"
        var listed = ListedInstance(id: node.instanceId, state: isOnline ? "running" : "unknown")
        listed.name = node.name ?? node.computerName
        listed.platform = node.platformName
        listed.privateAddress = node.ipAddress
        add(node, to: &listed)
        let host = plan(listed)
        guard host.isInRun, host.reason == nil else { return host }
        guard node.platformType == "Linux" else { return host.not(.unsupportedPlatform, node.platformType) }
        return isOnline ? host : host.not(.offline, node.pingStatus)
    }

    private func add(_ node: SSM.DescribeInstanceInformation.Node?, to listed: inout ListedInstance) {
        listed.ssmStatus = node?.pingStatus
        listed.ssmAgentVersion = node?.agentVersion
    }

    /// Whether the request is about it, and whether the settings leave it out.
    private func plan(_ listed: ListedInstance) -> PlannedHost {
        var host = PlannedHost(listed)
        let hasTags = request.tags.allSatisfy { wanted in
            let parts = wanted.split(separator: "=", maxSplits: 1).map(String.init)
            guard let value = listed.tags[parts.first ?? ""] else { return false }
            return parts.count == 1 || value == parts[1]
        }
        host.isInRun = hasTags && (request.instances.isEmpty || request.instances.contains(listed.id))
        host.windows = settings.maintenanceWindows.indices.filter {
            settings.maintenanceWindows[$0].concerns(account, region, listed.tags)
        }
        if TagRule(settings.excludeTags).meets(listed.tags) { return host.not(.skipped, "exclude_tags") }
        if !TagRule(settings.tags).holds(for: listed.tags) { return host.not(.skipped, "not_selected") }
        return host
    }

    /// EC2's words for the architectures that the agent is made for.
    private static let architectures = ["x86_64": "x86_64", "arm64": "aarch64"]
}

extension PlannedHost {
    /// The host, which is not asked.
    fileprivate func not(_ reason: Reason, _ detail: String?) -> PlannedHost {
        var host = self
        (host.reason, host.detail) = (reason, detail)
        return host
    }
}
