import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// How often each kind of host event happened since the store was created; it never falls.
    public func hostEventCounts() throws -> [String: Int64] {
        try read { database in
            return try database.pairs("SELECT kind, count FROM host_event_counts")
        }
    }
}

extension SQLConnection {
    /// Adds an event. A refusal is added once a day for each host and sender, as they may try again and again.
    func record(
        _ event: HostEvent, of host: String, before: String? = nil, after: String? = nil, source: String,
        at time: String
    ) throws {
        try post(
            """
            INSERT INTO host_event_counts VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET count = host_event_counts.count + 1
            """, [event.rawValue])
        let isRefusal = [.senderRefused, .accountRefused].contains(event)
        try post(
            """
            INSERT INTO host_events (at, host_id, kind, before, after, source) SELECT ?, ?, ?, ?, ?, ?
            WHERE NOT ? OR NOT EXISTS (SELECT 1 FROM host_events WHERE host_id = ? AND kind = ? AND source = ? AND at >= ?)
            """,
            [
                time, host, event.rawValue, before, after, source, isRefusal, host, event.rawValue, source,
                String(time.prefix(10)),
            ])
    }
}
