extension List {
    /// What happened to databases, the last recorded change first.
    public static let changes = List(
        "changes", item: "Change", order: "-added", whenEmpty: "No such change is recorded.",
        filters: [
            Filter("database", kind: .database, "A database's id."),
            Filter("host", kind: .host, "A host's id, or its name where no host has that id."),
        ],
        fields: [
            Field("id", .integer, "Grows with every change.").unfiltered,
            Field("at", .time, "When the scan that showed it began.")
                .filtered("When it was seen: >=2026-11-01, or >=7d for days ago.").sorted.cell("TIME"),
            Field("kind", "What happened: " + Change.Kind.allCases.map(\.rawValue).joined(separator: ", ") + ".")
                .filtered(only: Change.Kind.allCases.map(\.rawValue)).indexed
                .cell("CHANGE", rank: 2) { $0.kind == "moved" ? "moved (\($0.text("field")))" : $0.kind.text },
            Field("database_id", "The database's id now.").unfiltered,
            Field("host_id", optional: true, "Its host's id; null for a database that is on no host.").unfiltered,
            Field("hostname", optional: true, "Its host's name.")
                .cell("HOST", .cutEnd, rank: 1) { $0.hostname.text ?? $0.host_id.text ?? $0.account_id.text },
            Field("account_id", optional: true, "The AWS account.").filtered(as: "account").indexed,
            Field("region", optional: true, "The AWS region.").indexed,
            Field("engine", "The engine, such as postgresql.").indexed,
            Field("key", "The database's key now.").unfiltered.cell("DATABASE", .cutFront, rank: 5),
            Field("field", optional: true, "The column that changed; null where the database itself came or went."),
            Field("before", optional: true, "Its value before.").cell("BEFORE", .cutEnd, rank: 3),
            Field("after", optional: true, "Its value after.").cell("AFTER", .cutEnd, rank: 4),
            Field("report_id", .integer, "The report that showed it; 0 for a command of an operator."),
        ])

    /// What happened to the identities of hosts, the last event first.
    public static let hostEvents = List(
        "host-events", item: "HostEvent", order: "-added", whenEmpty: "Nothing has happened to a host's identity.",
        fields: [
            Field("id", .integer, "Grows with every event.").unfiltered,
            Field("at", .time, "When it happened.").filtered("When it happened: >=2026-11-01.").indexed.cell("AT"),
            Field("host_id", "The host's id at that time.").filtered(
                as: "host", "A host's id at the time of the event."
            )
            .indexed.cell("HOST", .cutEnd),
            Field("kind", "What happened: " + HostEvent.allCases.map(\.rawValue).joined(separator: ", ") + ".")
                .filtered(only: HostEvent.allCases.map(\.rawValue)).cell("EVENT"),
            Field("source", "Who caused it: a token's id, or cli.").cell("BY", drop: 1, rank: 1),
            Field("before", optional: true, "What it was before: a sender, an account, an id.").cell("BEFORE", .cutEnd),
            Field("after", optional: true, "What it is now, or should have become.").cell("AFTER", .cutEnd),
        ])
}

/// The kinds of host events.
public enum HostEvent: String, Sendable, CaseIterable {
    /// Another sender than the host's own sent a report for it; the report was rejected.
    case senderRefused = "sender_refused"
    /// The host has another sender now.
    case senderChanged = "sender_changed"
    /// A report named another account or region for an instance; the report was rejected.
    case accountRefused = "account_refused"
    /// A host that is no instance reported another account.
    case accountChanged = "account_changed"
    /// The host has another id now: more is known of it.
    case identityChanged = "identity_changed"
    /// Two rows turned out to be one host.
    case joined
    /// An operator retired the host.
    case retired
    /// A retired host reported again.
    case returned
    /// An operator, or the retention, removed the host and everything known about it.
    case forgotten
    /// An operator sorted the host's reports again by sender and identity.
    case split
}
