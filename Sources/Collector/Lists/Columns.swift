import Store

// The columns of each list in CSV. Their names and their order are promises: new ones go to the end of a release's notes.

extension DatabaseRow {
    static let columns: [ListColumn<DatabaseRow>] = [
        .init("id") { $0.id }, .init("key") { $0.key }, .init("host_id") { $0.host_id },
        .init("hostname") { $0.hostname },
        .init("account_id") { $0.account_id }, .init("region") { $0.region }, .init("engine") { $0.engine },
        .init("vendor") { $0.vendor }, .init("version") { $0.version },
        .init("version_precision") { $0.version_precision }, .init("state") { $0.state },
        .init("address") { $0.address }, .init("port", number: { $0.port.map(Int64.init) }),
        .init("exposure") { $0.exposure },
        .init("role") { $0.role }, .init("data_directory") { $0.data_directory }, .init("container") { $0.container },
        .init("container_image") { $0.container_image }, .init("cluster_id") { $0.cluster_id },
        .init("bytes", number: { $0.bytes }),
        .init("bytes_at") { $0.bytes_at }, .init("bytes_complete") { $0.bytes_complete.map { $0 ? "true" : "false" } },
        .init("first_seen") { $0.first_seen }, .init("last_seen") { $0.last_seen },
        .init("missing_since") { $0.missing_since },
    ]
}

extension HostRow {
    static let columns: [ListColumn<HostRow>] = [
        .init("id") { $0.id }, .init("hostname") { $0.hostname }, .init("account_id") { $0.account_id },
        .init("region") { $0.region }, .init("instance_id") { $0.instance_id }, .init("machine_id") { $0.machine_id },
        .init("os") { $0.os }, .init("os_id") { $0.os_id }, .init("os_version") { $0.os_version },
        .init("kernel") { $0.kernel }, .init("architecture") { $0.architecture },
        .init("cpus", number: { $0.cpus.map(Int64.init) }), .init("memory_bytes", number: { $0.memory_bytes }),
        .init("databases") { "\($0.databases)" }, .init("scan_status") { $0.scan_status },
        .init("agent_version") { $0.agent_version }, .init("first_seen") { $0.first_seen },
        .init("last_seen") { $0.last_seen }, .init("sender") { $0.sender }, .init("retired_at") { $0.retired_at },
    ]
}

extension HostEventRow {
    static let columns: [ListColumn<HostEventRow>] = [
        .init("id") { "\($0.id)" }, .init("at") { $0.at }, .init("host_id") { $0.host_id }, .init("kind") { $0.kind },
        .init("source") { $0.source }, .init("before") { $0.before }, .init("after") { $0.after },
    ]
}

extension ChangeRow {
    static let columns: [ListColumn<ChangeRow>] = [
        .init("id") { "\($0.id)" }, .init("at") { $0.at }, .init("kind") { $0.kind },
        .init("database_id") { $0.database_id }, .init("host_id") { $0.host_id }, .init("hostname") { $0.hostname },
        .init("account_id") { $0.account_id }, .init("region") { $0.region }, .init("engine") { $0.engine },
        .init("key") { $0.key }, .init("field") { $0.field }, .init("before") { $0.before },
        .init("after") { $0.after }, .init("report_id") { "\($0.report_id)" },
    ]
}

extension DeadLetterRow {
    static let columns: [ListColumn<DeadLetterRow>] = [
        .init("id") { "\($0.id)" }, .init("received_at") { $0.received_at }, .init("source") { $0.source },
        .init("code") { $0.code }, .init("message") { $0.message }, .init("attempts") { "\($0.attempts)" },
        .init("tried_at") { $0.tried_at }, .init("body_bytes") { "\($0.body_bytes)" },
    ]
}

extension AuditRow {
    static let columns: [ListColumn<AuditRow>] = [
        .init("id") { "\($0.id)" }, .init("at") { $0.at }, .init("actor") { $0.actor },
        .init("address") { $0.address }, .init("action") { $0.action }, .init("target") { $0.target },
        .init("status") { $0.status.map { "\($0)" } }, .init("request_id") { $0.request_id },
        .init("count") { "\($0.count)" },
    ]
}
