import Report

/// What makes a host the same host in every report: its EC2 instance id where that is known, else its machine id.
///
/// A host that has neither (a container image, a minimal virtual machine) goes by its name, with `name:` before it.
public struct HostIdentity: Sendable, Equatable {
    /// The instance's id: `i-`, or `mi-` for a machine outside EC2 that SSM manages, and hexadecimal digits; AWS never
    /// gives one twice, in any account.
    public var instanceID: String?
    /// 32 hexadecimal digits; machines cloned from one image may share it.
    public var machineID: String?
    /// The host's id in the inventory.
    public var id: String

    /// The identity of `host`; nil when it has none. An id of another form is none: it would meet another host's.
    public init?(_ host: Report.Host) {
        self.init(instanceID: host.cloud?.instanceID, machineID: host.machineID, hostname: host.hostname)
    }

    /// The identity of a host with these; nil when none of them has the form that it must have.
    init?(instanceID instance: String?, machineID machine: String?, hostname: String?) {
        instanceID = instance.flatMap { id in
            // A machine outside EC2 that SSM manages has an id of the same form.
            let digits = id.utf8.dropFirst(id.hasPrefix("mi-") ? 3 : 2)
            return (id.hasPrefix("i-") || id.hasPrefix("mi-")) && (8...17).contains(digits.count)
                && digits.allSatisfy(Self.isHex) ? id : nil
        }
        machineID = machine.flatMap { $0.utf8.count == 32 && $0.utf8.allSatisfy(Self.isHex) ? $0 : nil }
        let name = hostname.flatMap {
            $0.isEmpty || $0.utf8.count > 255 || $0.utf8.contains(0) || $0.utf8.contains(UInt8(ascii: "/"))
                ? nil : "name:" + $0
        }
        guard let id = instanceID ?? machineID ?? name else { return nil }
        self.id = id
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
