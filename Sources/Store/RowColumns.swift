import GRDB

// The rows of lists from the columns of their definitions (Lists.swift), in their order;
// those that may be null come last, as a property wrapper wants it.

extension DatabaseRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        key = row[first + 1]
        host_id = row[first + 2]
        engine = row[first + 6]
        state = row[first + 10]
        first_seen = row[first + 22]
        last_seen = row[first + 23]
        hostname = row[first + 3]
        account_id = row[first + 4]
        region = row[first + 5]
        vendor = row[first + 7]
        version = row[first + 8]
        version_precision = row[first + 9]
        address = row[first + 11]
        port = row[first + 12]
        exposure = row[first + 13]
        role = row[first + 14]
        data_directory = row[first + 15]
        container = row[first + 16]
        container_image = row[first + 17]
        cluster_id = row[first + 18]
        bytes = row[first + 19]
        bytes_at = row[first + 20]
        bytes_complete = row[first + 21]
        missing_since = row[first + 24]
    }
}

extension HostRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        scan_status = row[first + 13]
        agent_version = row[first + 14]
        first_seen = row[first + 15]
        last_seen = row[first + 16]
        databases = row[first + 19]
        hostname = row[first + 1]
        account_id = row[first + 2]
        region = row[first + 3]
        instance_id = row[first + 4]
        machine_id = row[first + 5]
        os = row[first + 6]
        os_id = row[first + 7]
        os_version = row[first + 8]
        kernel = row[first + 9]
        architecture = row[first + 10]
        cpus = row[first + 11]
        memory_bytes = row[first + 12]
        sender = row[first + 17]
        retired_at = row[first + 18]
    }
}

extension ChangeRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        at = row[first + 1]
        kind = row[first + 2]
        database_id = row[first + 3]
        host_id = row[first + 4]
        engine = row[first + 8]
        key = row[first + 9]
        report_id = row[first + 13]
        hostname = row[first + 5]
        account_id = row[first + 6]
        region = row[first + 7]
        field = row[first + 10]
        before = row[first + 11]
        after = row[first + 12]
    }
}

extension HostEventRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        at = row[first + 1]
        host_id = row[first + 2]
        kind = row[first + 3]
        source = row[first + 4]
        before = row[first + 5]
        after = row[first + 6]
    }
}

extension DeadLetterRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        received_at = row[first + 1]
        source = row[first + 2]
        code = row[first + 3]
        message = row[first + 4]
        attempts = row[first + 5]
        tried_at = row[first + 6]
        body_bytes = row[first + 7]
    }
}

extension AuditRow: ListRow {
    init(_ row: Row, from first: Int) {
        id = row[first]
        at = row[first + 1]
        actor = row[first + 2]
        action = row[first + 4]
        count = row[first + 8]
        address = row[first + 3]
        target = row[first + 5]
        status = row[first + 6]
        request_id = row[first + 7]
    }
}
