/// An account as Organizations lists it.
public struct OrganizationAccount: Sendable, Equatable {
    /// Twelve digits.
    public var id: String
    /// Its name.
    public var name: String?
    /// Its owner's address.
    public var email: String?
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, ….
    public var state: String?
    /// The names of the organisational units above it, such as `Root/workload`.
    public var organizationalUnit: String?
    /// Its tags; nil when they were not asked for.
    public var tags: [String: String]?
    /// Whether it manages the organisation.
    public var isManagement = false

    /// An account.
    public init(
        id: String, name: String? = nil, email: String? = nil, state: String? = nil, organizationalUnit: String? = nil,
        tags: [String: String]? = nil
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.state = state
        self.organizationalUnit = organizationalUnit
        self.tags = tags
    }
}
