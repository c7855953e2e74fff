import Report

/// Instances counted, and the scopes that could not be listed.
public struct Coverage: Codable, Sendable, Equatable {
    /// The most groups, and the most scopes, of one answer.
    public static let limit = 1_000
    /// What can be counted by, besides `tag:KEY` and `account_tag:KEY`.
    public static let columns = [
        "account", "account_name", "account_email", "organizational_unit", "region", "reason", "detail", "state",
        "instance_type", "availability_zone", "platform", "ssm_status",
    ]

    /// Instances with the same values.
    public struct Group: Codable, Sendable, Equatable {
        /// What is counted by, and its value; null is a group too.
        public var group: [String: String?]
        /// How many there are.
        public var hosts: Int

        /// A group.
        public init(group: [String: String?], hosts: Int) {
            self.group = group
            self.hosts = hosts
        }
    }

    /// An account and region whose last listing did not go well.
    public struct ScopeState: Codable, Sendable, Equatable {
        /// The account.
        public var account_id: String
        /// Its name.
        @ExplicitNull public var account_name: String?
        /// The region; * when the account could not be entered.
        public var region: String
        /// How it ended.
        public var code: String
        /// Why.
        @ExplicitNull public var detail: String?
        /// What to do about it.
        @ExplicitNull public var remedy: String?
        /// When it was looked at.
        public var checked_at: String
        /// When it was last listed; null for never.
        @ExplicitNull public var listed_at: String?
        /// Instances that are known there from before.
        public var hosts: Int

        /// A scope.
        public init(account_id: String, region: String, code: String, checked_at: String, hosts: Int) {
            self.account_id = account_id
            self.region = region
            self.code = code
            self.checked_at = checked_at
            self.hosts = hosts
        }
    }

    /// The groups, the largest first.
    public var items: [Group]
    /// Whether there are more groups than that.
    public var truncated: Bool
    /// Instances in all groups.
    public var hosts: Int
    /// Those that reported in the last run that covered them.
    public var answered: Int
    /// Scopes by code, those that are well included.
    public var scope_codes: [String: Int]
    /// Scopes that are not well.
    public var scopes: [ScopeState]

    /// Coverage.
    public init(
        items: [Group], truncated: Bool, hosts: Int, answered: Int, scope_codes: [String: Int], scopes: [ScopeState]
    ) {
        self.items = items
        self.truncated = truncated
        self.hosts = hosts
        self.answered = answered
        self.scope_codes = scope_codes
        self.scopes = scopes
    }
}

/// The coverage of one run.
public struct RunCoverage: Codable, Sendable, Equatable {
    /// The run.
    public var job_id: String
    /// When it ended.
    public var ended_at: String
    /// How it ended.
    public var state: String
    /// Instances of the run.
    public var hosts: Int
    /// Those that reported.
    public var answered: Int
    /// Hosts by reason.
    public var reasons: [String: Int]
    /// Scopes by code.
    public var scopes: [String: Int]

    /// A run.
    public init(
        job_id: String, ended_at: String, state: String, hosts: Int, answered: Int, reasons: [String: Int],
        scopes: [String: Int]
    ) {
        self.job_id = job_id
        self.ended_at = ended_at
        self.state = state
        self.hosts = hosts
        self.answered = answered
        self.reasons = reasons
        self.scopes = scopes
    }
}
