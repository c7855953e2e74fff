import Report

/// What a database lives on: a host, or an account and region.
///
/// A database's id is its place's id, a slash, and its key. No place's id has a slash in it.
public enum Place: Sendable {
    /// A machine with an agent's report.
    case host(ObservedHost)
    /// An account and region, where one AWS service lists its databases.
    case scope(Scope, service: String)
}

/// An AWS account and one of its regions.
public struct Scope: Sendable, Hashable, Codable {
    /// Twelve digits.
    public var accountID: String
    /// Such as `eu-central-1`.
    public var region: String

    /// The region `region` of the account `accountID`; nil for an account or a region that AWS cannot have.
    public init?(accountID: String, region: String) {
        let isRegion =
            1...40 ~= region.utf8.count
            && region.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        guard Report.Cloud.isAccountID(accountID), isRegion else { return nil }
        self.accountID = accountID
        self.region = region
    }

    /// The place's id, such as `123456789012:eu-central-1`.
    public var id: String { "\(accountID):\(region)" }
}

/// The host of one report.
public struct ObservedHost: Sendable {
    /// How the host is recognised.
    public let identity: HostIdentity
    /// The host name.
    public let hostname: String?
    /// The account as the report has it.
    public let claimedAccountID: String?
    /// The region as the report has it.
    public let region: String?
    /// The instance id as the report has it.
    let claimedInstanceID: String?
    /// The columns of `hosts` that its report fills.
    public let facts: [Value]

    /// The host of `report`; nil when nothing identifies it.
    init?(_ report: Report, _ hosts: List) {
        guard let identity = HostIdentity(report.host) else { return nil }
        self.identity = identity
        hostname = report.host.hostname
        claimedAccountID = report.host.cloud?.accountID
        region = report.host.cloud?.region
        claimedInstanceID = report.host.cloud?.instanceID
        facts = hosts.facts.map { $0(report) }
    }

    /// The host as AWS names it; nil when that is no instance's id.
    func vouched(_ voucher: Voucher) -> ObservedHost? {
        HostIdentity(instanceID: voucher.instanceID, machineID: identity.machineID, hostname: hostname).flatMap {
            $0.instanceID == nil ? nil : ObservedHost(self, $0, voucher)
        }
    }

    private init(_ host: ObservedHost, _ identity: HostIdentity, _ voucher: Voucher) {
        self.identity = identity
        hostname = host.hostname
        claimedAccountID = voucher.accountID
        region = voucher.region
        claimedInstanceID = voucher.instanceID
        facts = host.facts
    }

    /// The AWS account; nil for a text that is none.
    public var accountID: String? { claimedAccountID.flatMap { Report.Cloud.isAccountID($0) ? $0 : nil } }
}

extension Report.Cloud {
    /// Whether `text` is an AWS account's id: twelve digits.
    static func isAccountID(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
