import Inventory
import Logging
import Web

extension Setting where Root == Configuration {
    /// Every setting, in the order of docs/configuration.md. docs/contributing/setting.md tells how to add one.
    static let all: [Setting<Configuration>] =
        general + spool + limits + quotas + retention + backup + discovery + output

    private static let general: [Setting<Configuration>] = [
        .init(
            "store.path", \.store.path, .text,
            "The store: a SQLite file, or `postgresql://USER@HOST/DATABASE` with what libpq takes there."),
        .init(
            "store.password_file", \.store.passwordFile, .optional(.text),
            "A file with the password of the PostgreSQL user. It is read for each new connection."),
        .init(
            "store.rds_iam", \.store.usesIAM, .flag,
            "Set it to true to sign in to RDS or Aurora with the collector's AWS identity. The address then needs TLS."),
        .init(
            "store.prepared_statements", \.store.preparedStatements, .flag,
            "Set it to false behind a pooler that gives a connection to another client after each transaction."),
        .init(
            "store.connections", \.store.connections, .integer(1...100),
            "Connections to PostgreSQL that read at the same time. One more writes."),
        .init(
            "store.read_urls", \.store.readURLs, .oneOrMore(of: .text),
            """
            Servers that follow the one of store.path: `postgresql://USER@HOST/DATABASE`. They answer questions of the API. \
            The password is that of store.path.
            """),
        .init(
            "store.read_lag", \.store.readLag, .seconds(3...600),
            "How far such a server may be behind and still answer. While store.path is away, it may be a day."),
        .init("server.address", \.server.address, .text, "The address to listen on."),
        .init("server.port", \.server.port, .integer(0...65_535), "The port. 0 takes a free one."),
        .init(
            "server.certificate", \.server.certificate, .optional(.text),
            "A PEM file with the certificate and its chain. It turns on TLS."),
        .init(
            "server.private_key", \.server.privateKey, .optional(.text),
            "A PEM file with the certificate's private key."),
        .init(
            "server.trust_proxy", \.server.trustProxy, .flag,
            "Set it to true when a proxy in front of the collector terminates TLS. Then any address may be plain HTTP."),
    ]

    private static let spool: [Setting<Configuration>] = [
        .init(
            "spool.path", \.spool.path, .optional(.text),
            """
            A folder in which reports wait while PostgreSQL cannot be reached, on a disk that outlives the process. Each \
            collector needs its own. Without it such reports get status 503.
            """),
        .init(
            "spool.bytes", \.spool.bytes, .integer((1 << 20)...(1 << 40)),
            "The most bytes of the spool's files. One token gets nine tenths. Further reports get status 503."),
        .init(
            "spool.after", \.spool.after, .seconds(1...300),
            "How long a report waits for PostgreSQL before the spool takes it."),
    ]

    private static let limits: [Setting<Configuration>] = [
        .init(
            "limits.requests_per_second", \.limits.requestsPerSecond, .integer(1...1_000_000), live: true,
            "Requests per second of one token, on average. Further ones get status 429."),
        .init(
            "limits.request_burst", \.limits.requestBurst, .integer(1...1_000_000), live: true,
            "Requests that one token may send at once."),
        .init(
            "limits.connections", \.limits.connections, .integer(1...100_000),
            "Connections at a time. Further ones wait."),
        .init(
            "limits.connections_per_address", \.limits.connectionsPerAddress, .integer(1...100_000),
            "Connections from one address at a time. It does not hold with server.trust_proxy."),
        .init(
            "limits.header_seconds", \.limits.headerSeconds, .integer(1...600),
            "Seconds within which a request's header must arrive."),
        .init(
            "limits.body_seconds", \.limits.bodySeconds, .integer(1...3_600),
            "Seconds within which a request's body must arrive, and within which a client must read its answer."),
        .init(
            "limits.idle_seconds", \.limits.idleSeconds, .integer(1...3_600),
            "Seconds that a connection may wait for its next request."),
        .init(
            "limits.body_bytes", \.limits.bodyBytes, .integer(1_024...(256 << 20)), live: true,
            "The largest body of a request, in bytes."),
        .init(
            "limits.report_bytes", \.limits.reportBytes, .integer(1_024...(64 << 20)), live: true,
            "The largest report, in bytes of JSON."),
        .init(
            "limits.inflated_bytes", \.limits.inflatedBytes, .integer(1_024...(1 << 30)), live: true,
            "The most bytes that the body of one request may inflate to."),
        .init(
            "limits.reports", \.limits.reports, .integer(1...1_000_000), live: true, "The most reports of one request."),
        .init(
            "limits.queued_reports", \.limits.queuedReports, .integer(1...1_000_000),
            "Reports that may wait to be stored. Further ones get status 503."),
        .init(
            "limits.queued_bytes", \.limits.queuedBytes, .integer(1_024...(4 << 30)),
            "Bytes of reports, inflated, that may be in work at a time. One token gets half. Further ones get status 503."
        ),
    ]

    private static let quotas: [Setting<Configuration>] = [
        .init(
            "limits.token_rows_per_day", \.limits.tokenRows, .integer(1...1_000_000_000_000),
            "Rows that the reports of one token may write in a day (UTC). Further reports get status 429."),
        .init(
            "limits.token_bytes_per_day", \.limits.tokenBytes, .integer(1_024...(1 << 50)),
            "Bytes that the reports of one token may add to the store in a day. Further reports get status 429."),
        .init(
            "limits.token_hosts_per_day", \.limits.tokenHosts, .integer(1...1_000_000_000),
            "Hosts that the reports of one token may add in a day. Further reports get status 429."),
    ]

    private static let retention: [Setting<Configuration>] = [
        .init(
            "retention.report_days", \.retention.reportDays, .integer(1...36_500), live: true,
            "Days that raw reports are kept. The report that a database was last seen in is kept longer. In PostgreSQL the others "
                + "go a week at a time."),
        .init(
            "retention.size_days", \.retention.sizeDays, .integer(1...36_500), live: true,
            "Days that every size is kept. Older sizes are thinned to one a day, and kept as long as history."),
        .init(
            "retention.audit_days", \.retention.auditDays, .integer(1...36_500), live: true,
            "Days that the audit log is kept."),
        .init(
            "retention.dead_letter_days", \.retention.deadLetterDays, .integer(1...36_500), live: true,
            "Days that rejected reports are kept."),
        .init(
            "retention.run_days", \.retention.runDays, .integer(1...36_500), live: true,
            "Days that the result of each host of a run is kept. The counts of a run are kept as long as history."),
        .init(
            "retention.history_days", \.retention.historyDays, .integer(1...36_500), live: true,
            "Days that changes, earlier states and sizes of databases, and runs of discovery are kept."),
        .init(
            "retention.unseen_days", \.retention.unseenDays, .integer(0...36_500), live: true,
            "Days after which an unseen host is removed with its databases and history. 0 keeps hosts for ever."),
    ]

    private static let output: [Setting<Configuration>] = [
        .init(
            "metrics.token", \.metrics.needsToken, .flag, live: true,
            "Whether /metrics needs a token with the scope read."
        ),
        .init(
            "metrics.embedded", \.metrics.isEmbedded, .flag,
            "Whether metrics also go to the log, in CloudWatch's embedded metric format."),
        .init(
            "metrics.embedded_seconds", \.metrics.embeddedSeconds, .integer(1...3_600),
            "Seconds between two such sets of metrics."),
        .init(
            "metrics.embedded_labels", \.metrics.embedsLabels, .flag,
            """
            Whether metrics with labels become metrics of CloudWatch too. CloudWatch bills each set of labels; without it \
            they are lines of the log, which CloudWatch Logs Insights can query.
            """),
        .init("log.level", \.log.level, .choice, live: true, "The lowest level that is logged."),
        .init("log.format", \.log.format, .choice, "auto writes text to a terminal, and JSON lines otherwise."),
    ]
}
