import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Adds lines, and the times at which tokens were used, in one transaction.
    public func record(_ lines: [AuditEntry], tokensUsed: [String: Date] = [:]) throws {
        try write { database in
            for line in lines {
                try database.run(
                    """
                    INSERT INTO audit (at, actor, address, action, target, status, request_id, count)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        line.at, line.actor, line.address, line.action, line.target, line.status, line.requestID,
                        line.count,
                    ])
            }
            for (id, time) in tokensUsed {
                try database.run("UPDATE tokens SET last_used_at = ? WHERE id = ?", [Timestamp.format(time), id])
            }
        }
    }
}
