import FoundationEssentials

/// An instance as EC2 lists it, or a managed node outside EC2 as SSM does.
public struct ListedInstance: Sendable, Equatable {
    /// `i-…` or `mi-…`.
    public var id: String
    /// The tag `Name`, or the node's own name.
    public var name: String?
    /// EC2's state, such as `running`; for other nodes `running` while SSM sees them.
    public var state: String
    /// Such as `m7g.large`.
    public var type: String?
    /// Such as `eu-west-1a`.
    public var availabilityZone: String?
    /// The AMI.
    public var imageID: String?
    /// The VPC.
    public var vpcID: String?
    /// The private address.
    public var privateAddress: String?
    /// When it was launched.
    public var launchedAt: Date?
    /// Such as `Linux/UNIX` or `Windows`.
    public var platform: String?
    /// `x86_64`, `arm64`, ….
    public var architecture: String?
    /// What SSM says: `Online`, `ConnectionLost` or `Inactive`; nil when SSM does not know it.
    public var ssmStatus: String?
    /// The version of its SSM agent.
    public var ssmAgentVersion: String?
    /// Its tags.
    public var tags: [String: String]

    /// An instance.
    public init(id: String, state: String, tags: [String: String] = [:]) {
        self.id = id
        self.state = state
        self.tags = tags
        name = tags["Name"]
    }
}

/// An instance of a run, and whether it can be asked.
public struct PlannedHost: Sendable, Equatable {
    /// The instance.
    public var instance: ListedInstance
    /// Whether the run is about it; others are only kept as what EC2 knows.
    public var isInRun: Bool
    /// Why it is not asked; nil when it is.
    public var reason: Reason?
    /// More about the reason.
    public var detail: String?
    /// The agent's architecture: `x86_64` or `aarch64`.
    public var architecture: String
    /// The maintenance windows that concern it, by their places among the settings.
    public var windows: [Int]

    /// An instance of a run.
    public init(
        _ instance: ListedInstance, isInRun: Bool = true, reason: Reason? = nil, detail: String? = nil,
        architecture: String = "x86_64", windows: [Int] = []
    ) {
        self.instance = instance
        self.isInRun = isInRun
        self.reason = reason
        self.detail = detail
        self.architecture = architecture
        self.windows = windows
    }
}
