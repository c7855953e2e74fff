import Logging
import Store

/// One value of the configuration: the file, the environment and the flags all go through it.
struct Setting: Sendable {
    /// Its section and key in the file, such as `server.port`.
    var name: String
    /// What it is for, and its default.
    var help: String
    /// Puts a value as it was written into a configuration; false when it makes no sense.
    var apply: @Sendable (inout Configuration, String) -> Bool
    /// What a value must be.
    var type: String

    /// Its name in the environment, such as `DBCENSUS_SERVER_PORT`.
    var variable: String { "DBCENSUS_" + name.uppercased().replacing(".", with: "_") }

    /// Every setting, in the order of the reference.
    static let all: [Setting] = [
        .text("store.path", "The store's file (./dbcensus.sqlite).") { $0.store = $1 },
        .text("server.address", "The address to listen on (127.0.0.1).") { $0.server.address = $1 },
        .number("server.port", "The port (8629); 0 takes a free one.", 0...65_535) { $0.server.port = $1 },
        .text("server.certificate", "A PEM file with the certificate and its chain, for TLS.") {
            $0.server.certificate = $1
        },
        .text("server.private_key", "A PEM file with the certificate's key.") { $0.server.privateKey = $1 },
        .flag("server.trust_proxy", "A proxy before it speaks TLS: plain HTTP is then taken on any address (false).") {
            $0.server.trustProxy = $1
        },
        .number("limits.requests_per_second", "Requests of one token, on average (50).", 1...1_000_000) {
            $0.limits.requestsPerSecond = $1
        },
        .number("limits.request_burst", "Requests of one token at once (200).", 1...1_000_000) {
            $0.limits.requestBurst = $1
        },
        .number("limits.connections", "Connections at a time (1000); further ones wait.", 1...100_000) {
            $0.limits.connections = $1
        },
        .number(
            "limits.connections_per_address", "Connections from one address (200), unless a proxy is trusted.",
            1...100_000
        ) {
            $0.limits.connectionsPerAddress = $1
        },
        .number("limits.header_seconds", "Time for a request's header to come (10).", 1...600) {
            $0.limits.headerSeconds = $1
        },
        .number(
            "limits.body_seconds", "Time for a request's body to come, and for an answer to be read (60).", 1...3_600
        ) {
            $0.limits.bodySeconds = $1
        },
        .number("limits.idle_seconds", "Time that a connection may wait for its next request (60).", 1...3_600) {
            $0.limits.idleSeconds = $1
        },
        .number("limits.body_bytes", "The most bytes of a request's body (16777216).", 1_024...(256 << 20)) {
            $0.limits.bodyBytes = $1
        },
        .number("limits.report_bytes", "The most bytes of JSON of one report (16777216).", 1_024...(64 << 20)) {
            $0.limits.reportBytes = $1
        },
        .number("limits.inflated_bytes", "The most bytes that a body inflates to (67108864).", 1_024...(1 << 30)) {
            $0.limits.inflatedBytes = $1
        },
        .number("limits.reports", "The most reports of one request (4096).", 1...1_000_000) { $0.limits.reports = $1 },
        .number("limits.queued_reports", "Reports that wait to be stored (4096); then 503.", 1...1_000_000) {
            $0.limits.queuedReports = $1
        },
        .number(
            "limits.queued_bytes",
            "Bytes of reports, inflated, that are worked on at a time (134217728); one token gets half. Then 503.",
            1_024...(4 << 30)
        ) {
            $0.limits.queuedBytes = $1
        },
        .number(
            "limits.token_rows_per_day", "Rows that one token's reports may write in a day, UTC (20000000); then 429.",
            1...1_000_000_000_000
        ) {
            $0.limits.tokenRows = $1
        },
        .number(
            "limits.token_bytes_per_day", "Bytes by which they may make the store grow (4294967296); then 429.",
            1_024...(1 << 50)
        ) {
            $0.limits.tokenBytes = $1
        },
        .number("limits.token_hosts_per_day", "Hosts that they may add (50000); then 429.", 1...1_000_000_000) {
            $0.limits.tokenHosts = $1
        },
        .number("retention.report_days", "Days that raw reports are kept (90).", 1...36_500) {
            $0.retention.reportDays = $1
        },
        .number("retention.size_days", "Days that every size is kept (30); then one a day.", 1...36_500) {
            $0.retention.sizeDays = $1
        },
        .number("retention.audit_days", "Days that the audit log is kept (400).", 1...36_500) {
            $0.retention.auditDays = $1
        },
        .number("retention.dead_letter_days", "Days that refused reports are kept (30).", 1...36_500) {
            $0.retention.deadLetterDays = $1
        },
        .number(
            "retention.history_days", "Days that changes and what databases were before are kept (730).", 1...36_500
        ) {
            $0.retention.historyDays = $1
        },
        .number(
            "retention.unseen_days",
            "Days after which a host that was not seen is removed with its databases (0: never).", 0...36_500
        ) {
            $0.retention.unseenDays = $1
        },
        .flag("metrics.token", "/metrics needs a token with the scope read (true).") { $0.metrics.needsToken = $1 },
        .flag("metrics.embedded", "Also write them to the log in CloudWatch's embedded metric format (false).") {
            $0.metrics.isEmbedded = $1
        },
        .number("metrics.embedded_seconds", "How often (60).", 1...3_600) { $0.metrics.embeddedSeconds = $1 },
        .choice("log.level", "The least level that is written (info).", Logger.Level.allCases.map(\.rawValue)) {
            $0.log.level = Logger.Level(rawValue: $1) ?? $0.log.level
        },
        .choice(
            "log.format", "auto is text on a terminal and JSON lines otherwise (auto).",
            Configuration.Log.Format.allCases.map(\.rawValue)
        ) {
            $0.log.format = Configuration.Log.Format(rawValue: $1) ?? $0.log.format
        },
    ]

    private static func text(
        _ name: String, _ help: String, _ set: @escaping @Sendable (inout Configuration, String) -> Void
    ) -> Setting {
        Setting(
            name: name, help: help,
            apply: { configuration, text in
                guard !text.isEmpty, !text.contains("\0") else { return false }
                set(&configuration, text)
                return true
            }, type: "text")
    }

    private static func number(
        _ name: String, _ help: String, _ range: ClosedRange<Int>,
        _ set: @escaping @Sendable (inout Configuration, Int) -> Void
    ) -> Setting {
        Setting(
            name: name, help: help,
            apply: { configuration, text in
                guard let number = Int(text), range.contains(number) else { return false }
                set(&configuration, number)
                return true
            }, type: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func flag(
        _ name: String, _ help: String, _ set: @escaping @Sendable (inout Configuration, Bool) -> Void
    ) -> Setting {
        choice(name, help, ["true", "false"]) { set(&$0, $1 == "true") }
    }

    private static func choice(
        _ name: String, _ help: String, _ values: [String],
        _ set: @escaping @Sendable (inout Configuration, String) -> Void
    ) -> Setting {
        Setting(
            name: name, help: help,
            apply: { configuration, text in
                guard values.contains(text) else { return false }
                set(&configuration, text)
                return true
            }, type: "one of \(values.joined(separator: ", "))")
    }
}
