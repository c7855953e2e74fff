/// Which cloud instance a host is, learned from files alone: no metadata service is asked.
///
/// The files are cloud-init's instance-data (docs.cloud-init.io, "Instance metadata") and DMI's in sysfs. Secrets and
/// user data lie beside the values: only the members named here are taken.
public struct CloudIdentity: Sendable, Equatable {
    /// The twelve digits of the AWS account.
    public var accountID: String?
    /// Such as `eu-central-1`.
    public var region: String?
    /// Such as `eu-central-1a`.
    public var availabilityZone: String?
    /// Such as `i-0123456789abcdef0`.
    public var instanceID: String?
    /// Such as `m7g.large`.
    public var instanceType: String?

    private static let fileLimit = 1 << 20

    /// Reads the files below `root`; nil when none says that the host is an EC2 instance.
    public static func read(_ root: HostRoot) -> CloudIdentity? {
        var identity = CloudIdentity()
        for path in ["/run/cloud-init/instance-data-sensitive.json", "/run/cloud-init/instance-data.json"] {
            if let contents = try? root.read(path, limit: fileLimit), !contents.isCut {
                identity.add(instanceData: contents.bytes)
            }
        }
        func dmi(_ name: String) -> String? {
            let text = try? root.read("/sys/devices/virtual/dmi/id/" + name, limit: 4096, kernelFiles: true).text
            return text?.lines.first.map(String.init)
        }
        if dmi("sys_vendor") == "Amazon EC2" {
            if let tag = dmi("board_asset_tag"), isInstanceID(tag) { identity.instanceID = identity.instanceID ?? tag }
            identity.instanceType = identity.instanceType ?? dmi("product_name")
        }
        return identity.instanceID == nil ? nil : identity
    }

    mutating func add(instanceData bytes: [UInt8]) {
        guard let data = JSONDocument(bytes), let v1 = data["v1"],
            v1.string("cloud_name") == "aws" || v1.string("platform") == "ec2"
        else { return }
        let document = data["ds", "dynamic", "instance-identity", "document"]
        if let id = v1.string("instance_id"), Self.isInstanceID(id) { instanceID = instanceID ?? id }
        region = region ?? Self.plain(v1.string("region"))
        availabilityZone = availabilityZone ?? Self.plain(v1.string("availability_zone"))
        instanceType = instanceType ?? Self.plain(document?.string("instanceType"))
        if let account = document?.string("accountId"), account.utf8.count == 12, account.allSatisfy(\.isWholeNumber) {
            accountID = accountID ?? account
        }
    }

    /// `i-` and 8 or 17 hexadecimal digits.
    static func isInstanceID(_ text: String) -> Bool {
        let digits = text.utf8.count - 2
        return text.hasPrefix("i-") && (digits == 8 || digits == 17) && text.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    /// A short value of letters, digits, dots and hyphens; cloud-init writes prose where it redacts.
    private static func plain(_ text: String?) -> String? {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({
                $0 < 0x80
                    && ($0 == 0x2D || $0 == 0x2E || Character(Unicode.Scalar($0)).isLetter
                        || Character(Unicode.Scalar($0)).isNumber)
            })
        else { return nil }
        return text
    }
}
