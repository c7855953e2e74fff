import GRDB
import Inventory

extension InventoryStore {
    /// A host's tags.
    public func tags(_ hostID: String) throws -> [String: String] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT key, value FROM host_tags WHERE host_row_id = ?",
                arguments: [KnownHost.row(hostID, database)])
            return Dictionary(rows.map { ($0[0] as String, $0[1] as String) }) { $1 }
        }
    }

    /// Sets some of a host's tags, and removes those that are nil.
    public func setTags(_ hostID: String, _ tags: [String: String?]) throws -> Bool {
        try write { database in
            guard let row = try KnownHost.row(hostID, database) else { return false }
            for (key, value) in tags {
                try database.execute(
                    sql: "DELETE FROM host_tags WHERE host_row_id = ? AND key = ?", arguments: [row, key])
                guard let value else { continue }
                try database.execute(sql: "INSERT INTO host_tags VALUES (?, ?, ?)", arguments: [row, key, value])
            }
            return true
        }
    }
}
