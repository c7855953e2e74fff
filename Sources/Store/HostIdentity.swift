import Report

/// What makes a host the same host in every report: its EC2 instance id where that is known, else its machine id.
public struct HostIdentity: Sendable, Equatable {
    /// The instance's id; EC2 never gives one twice, in any account.
    public var instanceID: String?
    /// 32 hexadecimal digits; machines cloned from one image may share it.
    public var machineID: String?

    /// The identity of `host`; nil when it has neither.
    public init?(_ host: Report.Host) {
        instanceID = host.cloud?.instanceID
        machineID = host.machineID
        if instanceID == nil, machineID == nil { return nil }
    }

    /// The host's id in the inventory.
    public var id: String { instanceID ?? machineID ?? "" }
}
