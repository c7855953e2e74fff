import Foundation

/// The parameters of a call of EC2's query protocol.
struct EC2Form: Sendable {
    var values: [String: String]

    init(_ request: HTTPCall) { values = HTTPCall.pairs(String(decoding: request.body, as: UTF8.self)) }

    /// `Name.1`, `Name.2` and so on.
    func list(_ name: String) -> [String] { numbered { values["\(name).\($0)"] } }

    var filters: [(name: String, values: [String])] {
        numbered { number in values["Filter.\(number).Name"].map { ($0, list("Filter.\(number).Value")) } }
    }

    private func numbered<Value>(_ value: (Int) -> Value?) -> [Value] {
        var found: [Value] = []
        while let next = value(found.count + 1) { found.append(next) }
        return found
    }
}

extension Call {
    /// Source: Amazon EC2 API Reference, version 2016-11-15.
    func ec2(_ form: EC2Form) throws(AWSFailure) -> XML {
        var xml = XML()
        switch action {
        case "DescribeRegions":
            let wanted = form.list("RegionName")
            var regions = fleet.size.regions.map { ($0, "opt-in-not-required") }
            if form.values["AllRegions"] == "true" { regions.append(("ap-east-1", "not-opted-in")) }
            xml.add("regionInfo", regions.filter { wanted.isEmpty || wanted.contains($0.0) }) { xml, region in
                xml.add("regionName", region.0)
                xml.add("regionEndpoint", "ec2.\(region.0).amazonaws.com")
                xml.add("optInStatus", region.1)
            }
        case "DescribeInstances": try describeInstances(form, &xml)
        default: throw unknownAction
        }
        return xml
    }

    private func describeInstances(_ form: EC2Form, _ xml: inout XML) throws(AWSFailure) {
        let ids = form.list("InstanceId")
        let size = form.values["MaxResults"].map { Int($0) ?? 0 }
        if size != nil, !ids.isEmpty {
            throw AWSFailure(
                "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"
            )
        }
        guard (5...1_000).contains(size ?? 1_000) else {
            throw AWSFailure(
                "InvalidParameterValue",
                "Value ( \(size ?? 0) ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")
        }
        guard let start = Page.start(form.values["NextToken"]) else {
            throw AWSFailure("InvalidNextToken", "The token is not valid")
        }
        let filters = form.filters
        for filter in filters where !Self.knows(filter.name) {
            throw AWSFailure("InvalidParameterValue", "The filter '\(filter.name)' is invalid")
        }
        let first = fleet.firstInstance(account, region: regionIndex)
        var numbers = Array(first + start..<max(first + start, first + fleet.size.instances))
        if !ids.isEmpty {
            numbers = []
            for id in ids {
                guard let instance = fleet.instance(id: id, account, region: regionIndex), !fleet.isGone(instance)
                else {
                    throw AWSFailure("InvalidInstanceID.NotFound", "The instance ID '\(id)' does not exist")
                }
                numbers.append(instance.number)
            }
        }
        var shown: [Instance] = []
        var next: Int?
        for number in numbers {
            if shown.count == size ?? 1_000 {
                next = number - first
                break
            }
            let instance = fleet.instance(number)
            if instance.kind != .hybrid, !fleet.isGone(instance), filters.allSatisfy({ instance.matches($0) }) {
                shown.append(instance)
            }
        }
        xml.add("reservationSet", shown) { xml, instance in
            xml.add("reservationId", "r-\(instance.id.dropFirst(2))")
            xml.add("ownerId", account.id)
            xml.add("groupSet") { _ in }
            xml.add("instancesSet", CollectionOfOne(instance)) { $1.write(&$0) }
        }
        xml.add("nextToken", next.map(Page.token))
    }

    private static func knows(_ filter: String) -> Bool {
        ["instance-state-name", "instance-id", "instance-type", "architecture", "tag-key"].contains(filter)
            || filter.hasPrefix("tag:")
    }
}

extension Instance {
    var tags: [(key: String, value: String)] {
        [("Name", name), ("env", environment), ("team", draw.of("team").pick(["payments", "search", "platform"]))]
            + (number % 50 == 7 ? [("dbcensus", "canary")] : [])
    }

    func matches(_ filter: (name: String, values: [String])) -> Bool {
        switch filter.name {
        case "instance-state-name": filter.values.contains(isRunning ? "running" : "stopped")
        case "instance-id": filter.values.contains(id)
        case "instance-type": filter.values.contains(type)
        case "architecture": filter.values.contains(architecture)
        case "tag-key": tags.contains { filter.values.contains($0.key) }
        default: tags.contains { "tag:\($0.key)" == filter.name && filter.values.contains($0.value) }
        }
    }

    fileprivate func write(_ xml: inout XML) {
        xml.add("instanceId", id)
        xml.add("imageId", "ami-0\(draw.of("image").hex(16))")
        xml.add("instanceState") { xml in
            xml.add("code", isRunning ? "16" : "80")
            xml.add("name", isRunning ? "running" : "stopped")
        }
        xml.add("privateDnsName", "\(hostname).\(region).compute.internal")
        xml.add("dnsName", "")
        xml.add("amiLaunchIndex", "0")
        xml.add("productCodes") { _ in }
        xml.add("instanceType", type)
        xml.add("launchTime", launchedAt.formatted(.iso8601))
        xml.add("placement") { xml in
            xml.add("availabilityZone", zone)
            xml.add("groupName", "")
            xml.add("tenancy", "default")
        }
        xml.add("monitoring") { $0.add("state", "disabled") }
        xml.add("subnetId", "subnet-0\(draw.of("subnet").hex(16))")
        xml.add("vpcId", "vpc-0\(account.id)\(region.utf8.count)")
        xml.add("privateIpAddress", privateAddress)
        xml.add("architecture", architecture)
        xml.add("rootDeviceType", "ebs")
        xml.add("virtualizationType", "hvm")
        xml.add("hypervisor", "xen")
        if kind == .windows { xml.add("platform", "windows") }
        xml.add("platformDetails", kind == .windows ? "Windows" : "Linux/UNIX")
        xml.add("tagSet", tags) { xml, tag in
            xml.add("key", tag.key)
            xml.add("value", tag.value)
        }
    }
}
