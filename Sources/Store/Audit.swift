import FoundationEssentials
import GRDB
import Report

/// One line of the audit log: who asked for what, or changed what.
public struct AuditRow: Codable, Sendable, Equatable {
    /// Grows with every line.
    public var id: Int64 = 0
    /// When: RFC 3339, UTC.
    public var at: String
    /// The token's id; `cli` for the command line; `-` for none.
    public var actor: String
    /// The peer's address.
    @ExplicitNull public var address: String?
    /// The method and the route, or the command.
    public var action: String
    /// What it was about: the path and the query, without secrets.
    @ExplicitNull public var target: String?
    /// The HTTP status.
    @ExplicitNull public var status: Int?
    /// The last request that this line stands for.
    @ExplicitNull public var request_id: String?
    /// How many equal requests of the same second or so it stands for.
    public var count = 1

    /// A line without a number yet.
    public init(
        at: Date, actor: String, address: String?, action: String, target: String?, status: Int?, requestID: String?
    ) {
        self.at = Timestamp.format(at)
        self.actor = actor
        self.address = address
        self.action = action
        self.target = target
        self.status = status
        self.request_id = requestID
    }
}

extension ListDefinition {
    static let audit = ListDefinition(
        columns: [SelectedColumn("id", "a.row_id")]
            + SelectedColumn.of("a", "at, actor, address, action, target, status, request_id, count"),
        tables: "audit a", rowID: "a.row_id",
        fields: [
            .text("actor", "a.actor", isIndexed: false, "A token's id, or cli."),
            .text("action", "a.action", isIndexed: false, "A method and a route, such as GET /api/v1/databases."),
            .time("at", "a.at", "When: >=2026-11-01."),
        ], sorts: [:], order: "-added")
}

extension InventoryStore {
    /// The audit log, the last line first.
    public func audit(_ request: ListRequest = ListRequest()) throws -> Page<AuditRow> { try page(.audit, request) }

    /// Adds lines to the audit log, and the times at which tokens were used, in one transaction.
    public func record(_ lines: [AuditRow], tokensUsed: [String: Date] = [:]) throws {
        try write { database in
            for line in lines {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO audit (at, actor, address, action, target, status, request_id, count)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [
                    line.at, line.actor, line.address, line.action, line.target, line.status, line.request_id,
                    line.count,
                ])
            }
            for (id, time) in tokensUsed {
                try database.execute(
                    sql: "UPDATE tokens SET last_used_at = ? WHERE id = ?", arguments: [Timestamp.format(time), id])
            }
        }
    }
}
