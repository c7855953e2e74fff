import FoundationEssentials
import GRDB
import Report

/// Something that happened to a host's identity, or was tried.
public struct HostEventRow: Codable, Sendable, Equatable {
    /// Grows with every event.
    public var id: Int64
    /// When: RFC 3339, UTC.
    public var at: String
    /// The host's id at that time.
    public var host_id: String
    /// `HostEvent`.
    public var kind: String
    /// Who caused it: a token's id, or `cli`.
    public var source: String
    /// What it was before: a sender, an account, an id.
    @ExplicitNull public var before: String?
    /// What it is since, or should have become.
    @ExplicitNull public var after: String?
}

/// The kinds of events.
public enum HostEvent: String, Sendable, CaseIterable {
    /// Another sender than the host's own sent a report for it; it was refused.
    case senderRefused = "sender_refused"
    /// The host has another sender since.
    case senderChanged = "sender_changed"
    /// A report named another account or region for an instance; it was refused.
    case accountRefused = "account_refused"
    /// A host that is no instance reported another account.
    case accountChanged = "account_changed"
    /// The host has another id since: more is known of it.
    case identityChanged = "identity_changed"
    /// Two rows turned out to be one host.
    case joined
    /// An operator said that the host is gone.
    case retired
    /// A retired host reported again.
    case returned
    /// The host and all that was known of it were removed.
    case forgotten
    /// The host's reports were sorted anew by sender and identity.
    case split
}

extension ListDefinition {
    static let hostEvents = ListDefinition(
        columns: [SelectedColumn("id", "e.row_id")]
            + SelectedColumn.of("e", "at, host_id, kind, source, before, after"),
        tables: "host_events e", rowID: "e.row_id",
        fields: [
            .text("host", "e.host_id", "A host's id at the time of the event."),
            .text("kind", "e.kind", isIndexed: false, HostEvent.allCases.map(\.rawValue).joined(separator: ", ") + ".")
                .only(HostEvent.allCases.map(\.rawValue)),
            .text("source", "e.source", isIndexed: false, "Who caused it: a token's id, or cli."),
            .time("at", "e.at", "When: >=2026-11-01."),
        ], sorts: [:], order: "-added")
}

extension InventoryStore {
    /// What happened to hosts' identities, the last event first.
    public func hostEvents(_ request: ListRequest = ListRequest()) throws -> Page<HostEventRow> {
        try page(.hostEvents, request)
    }

    /// How often each kind of event happened since the store was made; it never falls.
    public func hostEventCounts() throws -> [String: Int64] {
        try read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT kind, count FROM host_event_counts")
            return Dictionary(rows.map { ($0[0] as String, $0[1] as Int64) }) { $1 }
        }
    }
}

extension Database {
    /// Adds an event. A refusal is added once a day for each host and sender: who is refused may try again and again.
    func record(
        _ event: HostEvent, of host: String, before: String? = nil, after: String? = nil, source: String,
        at time: String
    ) throws {
        try run(
            """
            INSERT INTO host_event_counts VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET count = count + 1
            """, [event.rawValue])
        let isRefusal = [.senderRefused, .accountRefused].contains(event)
        try run(
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
