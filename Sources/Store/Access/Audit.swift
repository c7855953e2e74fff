import FoundationEssentials
import GRDB
import Inventory
import Report

extension InventoryStore {
    /// Adds lines, and the times at which tokens were used, in one transaction.
    public func record(_ lines: [AuditEntry], tokensUsed: [String: Date] = [:]) throws {
        try write { database in
            for line in lines {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO audit (at, actor, address, action, target, status, request_id, count)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [
                    line.at, line.actor, line.address, line.action, line.target, line.status, line.requestID,
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
