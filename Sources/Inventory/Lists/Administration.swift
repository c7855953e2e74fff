import FoundationEssentials
import Report

extension List {
    /// Reports that were rejected, the last received first.
    public static let deadLetters = List(
        "dead-letters", item: "DeadLetter", order: "-added", whenEmpty: "No report was rejected.",
        fields: [
            Field("id", .integer, "Its number.").unfiltered.cell("ID", right: true),
            Field("received_at", .time, "When it was received.").cell("RECEIVED"),
            Field("source", "Who sent it: a token's id, or cli.").cell("FROM"),
            Field("code", "Why: " + Refusal.Code.allCases.map(\.rawValue).joined(separator: ", ") + ".")
                .cell("CODE", rank: 2),
            Field("message", "Why it was rejected, in one sentence.").unfiltered.cell("REASON", .cutEnd, rank: 3),
            Field("attempts", .integer, "How often it was tried.").cell("TRIED", right: true, rank: 1),
            Field("tried_at", .time, "When it was last tried."),
            Field("body_bytes", .bytes, "The size of its body, compressed.").unfiltered,
        ])

    /// Who asked for what and who changed what, the last line first.
    public static let audit = List(
        "audit", item: "Audit", order: "-added", whenEmpty: "The audit log is empty.",
        fields: [
            Field("id", .integer, "Grows with every line.").unfiltered,
            Field("at", .time, "When it happened.").filtered("When it happened: >=2026-11-01.").indexed.cell("TIME"),
            Field("actor", "The token's id; cli for the command line; - for none.").cell("WHO"),
            Field("address", optional: true, "The peer's address, or the user of the command line.").cell(
                "FROM", drop: 2),
            Field("action", "The method and the route, such as GET /api/v1/databases, or the command.")
                .cell("WHAT", .cutEnd),
            Field("target", optional: true, "The path and the query, without secrets.").unfiltered
                .cell("ABOUT", .cutEnd, rank: 2),
            Field("status", .integer, optional: true, "The HTTP status.").cell("STATUS"),
            Field("request_id", optional: true, "The last request that this line stands for."),
            Field("count", .integer, "How many equal requests of about the same second it stands for.")
                .cell("TIMES", drop: 1, right: true, rank: 1),
        ])

    /// The API's tokens, without their secrets, in the order in which they were created.
    public static let tokens = List(
        "tokens", item: "Token", whenEmpty: "There is no token. Create one with `dbcensus-collector token create`.",
        filters: nil,
        fields: [
            Field("id", "The part of the token that is no secret.").cell("ID"),
            Field("name", "What it is for.").cell("NAME", .cutEnd),
            Field("scopes", "read, ingest, scan, admin, separated by blanks.")
                .cell("SCOPES") { $0.text("scopes") + ($0.loopback_only == true ? " (this machine)" : "") },
            Field("loopback_only", .flag, "Whether it works from this machine only."),
            Field("created_at", .time, "When it was created."),
            Field("expires_at", .time, optional: true, "When it expires; null for never.")
                .cell("STATE", rank: 1) { state($0, now: Timestamp.format(Date())) },
            Field("revoked_at", .time, optional: true, "When it was revoked."),
            Field("last_used_at", .time, optional: true, "When it was last used, to about a second.")
                .cell("LAST USED", drop: 1, rank: 2) { $0.last_used_at.text.map { String($0.prefix(16)) } ?? "never" },
            Field("accounts", optional: true, "AWS accounts that it is bound to, separated by commas; null for all."),
            Field("regions", optional: true, "Regions that it is bound to."),
            Field("hosts", optional: true, "Hosts that it is bound to."),
            Field("tags", optional: true, "Tags of hosts that it is bound to: KEY, or KEY=VALUE; all must hold."),
            Field("any_sender", .flag, "Whether it may report for hosts that another token reported first."),
        ])

    private static func state(_ row: ListRow, now: String) -> String {
        guard row.revoked_at.isNull else { return "revoked" }
        guard let end = row.expires_at.text else { return "valid" }
        return end <= now ? "expired" : "until " + end.prefix(10)
    }
}
