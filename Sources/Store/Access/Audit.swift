import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// A client's text as every engine takes it: PostgreSQL's has no character 0, and one such line would keep all
    /// others from being written.
    private static func storable(_ text: String) -> String { text.replacing("\0", with: "\u{fffd}") }

    /// Adds lines, and the times at which tokens were used, in one transaction.
    public func record(_ lines: [AuditEntry], tokensUsed: [String: Date] = [:]) throws {
        try write { database in
            for line in lines {
                try database.post(
                    """
                    INSERT INTO audit (at, actor, address, action, target, status, request_id, count)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        line.at, line.actor, line.address, line.action, line.target.map(Self.storable), line.status,
                        line.requestID.map(Self.storable), line.count,
                    ])
            }
            for (id, time) in tokensUsed {
                try database.post("UPDATE tokens SET last_used_at = ? WHERE id = ?", [Timestamp.format(time), id])
            }
        }
    }
}
