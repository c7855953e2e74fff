import Inventory
import SQL

extension InventoryStore {
    /// A host's tags.
    public func tags(_ hostID: String) throws -> [String: String] {
        try read { database in
            return try database.pairs(
                "SELECT key, value FROM host_tags WHERE host_row_id = ?", [KnownHost.row(hostID, database)])
        }
    }

    /// Sets some of a host's tags, and removes those that are nil.
    public func setTags(_ hostID: String, _ tags: [String: String?]) throws -> Bool {
        try write { database in
            guard let row = try KnownHost.row(hostID, database) else { return false }
            for (key, value) in tags {
                try database.run("DELETE FROM host_tags WHERE host_row_id = ? AND key = ?", [row, key])
                guard let value else { continue }
                try database.run("INSERT INTO host_tags VALUES (?, ?, ?)", [row, key, value])
            }
            return true
        }
    }
}
