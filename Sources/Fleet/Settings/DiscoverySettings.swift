import Foundation
import Inventory

/// How runs of discovery are done. A run keeps the settings with which it began, as JSON without secrets.
package struct DiscoverySettings: Codable, Sendable, Equatable {
    /// The role of each account; nil works with the caller's own credentials, in the caller's own account.
    package var roleName: String? = "dbcensus-spoke"
    package var organization = Organization()
    /// Accounts besides those of the organisation, or with settings of their own.
    package var accounts: [Account] = []
    /// Names of regions; `*` stands for any letters.
    package var regions = ["*"]
    /// Tags that an instance must have: one of the values of each.
    package var tags: [String: [String]] = [:]
    /// Tags that keep an instance out of every run.
    package var excludeTags: [String: [String]] = ["dbcensus": ["skip"]]
    package var document = Document()
    package var agent = Agent()
    /// Where hosts write outputs that are too long for SSM; nil reads the first 24,000 characters of each step.
    package var outputBucket: String?
    package var outputPrefix = "dbcensus"
    package var concurrency = Concurrency()
    package var canary = CanaryRule()
    package var stopAt = StopAt()
    package var maintenanceWindows: [MaintenanceWindow] = []
    /// Seconds that a command waits for a host to take it: at least 30.
    package var deliverySeconds = 120
    /// Seconds from sending a command until it is cancelled.
    package var commandSeconds = 900
    /// Whether sessions carry tags and the source identity, which CloudTrail then shows.
    package var tagsSessions = true

    package init() {}

    /// Which accounts of the organisation are looked at.
    package struct Organization: Codable, Sendable, Equatable {
        package var isEnabled = false
        /// Only these units and what is below them; empty for all.
        package var units: [String] = []
        package var skippedUnits: [String] = []
        package var skippedAccounts: [String] = []
        /// Whether the tags of accounts are read: one call an account.
        package var readsTags = true

        package init() {}
    }

    /// An account with settings of its own.
    package struct Account: Codable, Sendable, Equatable {
        package var id = ""
        /// Instead of the role of that name.
        package var roleARN: String?
        /// Instead of the regions of all; empty for those.
        package var regions: [String] = []

        package init() {}
    }

    /// The SSM document.
    package struct Document: Codable, Sendable, Equatable {
        package var name = "dbcensus"
        /// A number, or `$DEFAULT`: each region's own default version.
        package var version = Document.defaultVersion
        package var hash: String?
        /// The document that other regions still run while a new one is rolled out.
        package var previousHash: String?

        package static let defaultVersion = "$DEFAULT"

        package init() {}

        /// What tells it from every other. Without one hash for all regions nothing does: no run proves it for others.
        package var key: String {
            let isOne = version != Self.defaultVersion || (hash != nil && previousHash == nil)
            return "\(isOne ? "" : NewJob.unproven)\(name):\(version):\(hash ?? "")"
        }
    }

    /// How hosts get the agent.
    package struct Agent: Codable, Sendable, Equatable {
        /// As the document was made: see docs/operate/ssm-document.md.
        package enum Delivery: String, Codable, Sendable, CaseIterable { case presigned, s3, https }

        package var delivery = Delivery.presigned
        package var bucket: String?
        package var prefix = ""
        /// The version in the names of its files.
        package var version = ""

        package init() {}

        /// Stands for the region's name in the name of a bucket.
        package static let regionMark = "{region}"

        /// The bucket for hosts of a region, and the region that has it; nil for the collector's own.
        package func bucket(in region: String) -> (name: String, region: String?)? {
            bucket.map { name in
                name.contains(Self.regionMark)
                    ? (name.replacing(Self.regionMark, with: region), region) : (name, nil)
            }
        }

        /// The object of an architecture.
        package func key(_ architecture: String, version: String) -> String {
            "\(prefix)dbcensus-agent-\(version)-linux-\(architecture).gz"
        }
    }

    /// How much goes on at a time.
    package struct Concurrency: Codable, Sendable, Equatable {
        package var accounts = 20
        package var batches = 50

        package init() {}
    }

    /// When a run stops itself.
    package struct StopAt: Codable, Sendable, Equatable {
        /// Percent of the hosts on which the document started.
        package var failures = 5
        /// At least so many hosts.
        package var atLeast = 20

        package init() {}

        /// Whether the hosts that failed are too many.
        package func isReached(_ counts: JobCounts) -> Bool {
            counts.ownFaults >= max(1, atLeast) && counts.ownFaults * 100 > counts.started * failures
        }
    }

    /// A time in which no command is sent to some hosts.
    package struct MaintenanceWindow: Codable, Sendable, Equatable {
        /// When it begins.
        package var cron = "0 0 * * *"
        package var timeZone = "UTC"
        package var seconds = 3_600
        /// Only in these accounts, regions and with these tags; empty for all.
        package var accounts: [String] = []
        package var regions: [String] = []
        package var tags: [String: [String]] = [:]

        package init() {}

        /// Whether it concerns an instance.
        package func concerns(_ account: String, _ region: String, _ tags: [String: String]) -> Bool {
            (accounts.isEmpty || accounts.contains(account))
                && (regions.isEmpty || regions.contains { Pattern.matches($0, region) })
                && TagRule(self.tags).holds(for: tags)
        }

        /// Whether it is open at a time.
        package func isOpen(at time: Date) -> Bool {
            guard let cron = try? Cron(cron, timeZone: timeZone) else { return false }
            return cron.next(after: time.addingTimeInterval(-Double(seconds))).map { $0 <= time } ?? false
        }
    }

    /// As a run keeps them.
    package func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// What a run kept.
    package init(text: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) }
}

/// Tags that must be there: one of the values of each key.
struct TagRule {
    private let tags: [String: [String]]

    init(_ tags: [String: [String]]) { self.tags = tags }

    /// All of the keys, each with one of its values.
    func holds(for own: [String: String]) -> Bool {
        tags.allSatisfy { key, values in own[key].map { values.isEmpty || values.contains($0) } ?? false }
    }

    /// One of the keys, with one of its values.
    func meets(_ own: [String: String]) -> Bool {
        tags.contains { key, values in own[key].map { values.isEmpty || values.contains($0) } ?? false }
    }
}
