import FoundationEssentials
import Report

/// What one AWS service lists in an account and region: managed databases, in the form of a report's entries.
///
/// The collector keeps each listing as it keeps reports, so that `rebuild` derives the same inventory from both.
public struct Listing: Codable, Sendable, Equatable {
    /// `dbcensus.listing/1`.
    public var schema = Self.currentSchema
    /// The service, such as `rds`; it has only lower-case letters, digits and hyphens.
    public var service: String
    /// Where the service was asked.
    public var scope: Scope
    /// When the first call began.
    public var startedAt: Date
    /// Whether every page was read.
    public var isComplete: Bool
    /// The databases. A key begins with the service and a colon, such as `rds:db-ABCDEFGHIJKLMNOP`.
    public var databases: [Report.Database]

    /// The schema that this program writes and reads.
    public static let currentSchema = "dbcensus.listing/1"

    /// A listing.
    public init(
        service: String, scope: Scope, startedAt: Date, isComplete: Bool, databases: [Report.Database]
    ) {
        self.service = service
        self.scope = scope
        self.startedAt = startedAt
        self.isComplete = isComplete
        self.databases = databases
    }

    enum CodingKeys: String, CodingKey {
        case schema, service, scope
        case startedAt = "started_at"
        case isComplete = "complete"
        case databases
    }

    /// What breaks the rules of a listing; nil when nothing does.
    var invalid: String? {
        let isService =
            1...40 ~= service.utf8.count
            && service.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        guard schema == Self.currentSchema else { return "schema is \"\(schema.prefix(80))\"" }
        guard isService else { return "\"\(service.prefix(80))\" is no service's name" }
        guard databases.count <= ReportLimits.databases else { return "\(databases.count) databases in one listing" }
        var keys = Set<ByteText>()
        for database in databases {
            guard database.key.hasPrefix(service + ":"), !database.key.utf8.contains(0) else {
                return "the key \"\(database.key.prefix(80))\" does not begin with \(service):"
            }
            guard keys.insert(ByteText(database.key)).inserted else {
                return "two databases have the key \"\(database.key.prefix(80))\""
            }
            if let long = database.tooLong { return long }
        }
        return nil
    }
}
