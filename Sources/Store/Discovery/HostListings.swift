import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Ends a task that found others.
    public func expand(
        _ lease: TaskLease, into tasks: [NewTask], accounts: [OrganizationAccount], now: Date
    ) throws {
        try holding(lease) { database in
            let time = Timestamp.format(now)
            for account in accounts { try Self.write(account, time, database) }
            for task in tasks {
                let phase: TaskPhase = task.region == "*" ? .regions : .list
                try database.run(
                    """
                    INSERT INTO tasks (job_row_id, account_id, region, state, phase, code, detail, due_at, ended_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    [
                        lease.job.row, task.accountID, task.region, task.code == nil ? "queued" : "done",
                        phase.rawValue, task.code?.rawValue, task.detail, time, task.code == nil ? nil : time,
                    ])
                guard let code = task.code else { continue }
                try Self.noteScope(
                    task.accountID, task.region, code, task.detail, job: lease.job.row, time, database)
            }
            try Self.endTask(lease, .ok, nil, isDead: false, now: now, database)
        }
    }

    private static func write(_ account: OrganizationAccount, _ time: String, _ database: any SQLConnection) throws {
        try database.run(
            """
            INSERT INTO organization_accounts (id, name, email, state, organizational_unit, listed_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, state = excluded.state,
                organizational_unit = COALESCE(excluded.organizational_unit,
                    organization_accounts.organizational_unit),
                listed_at = excluded.listed_at
            """, [account.id, account.name, account.email, account.state, account.organizationalUnit, time])
        guard let tags = account.tags else { return }
        try database.run("DELETE FROM account_tags WHERE account_id = ?", [account.id])
        for (key, value) in tags {
            try database.run("INSERT INTO account_tags VALUES (?, ?, ?)", [account.id, key, value])
        }
    }

    /// Keeps instances that were listed; may be called several times with the same `now`.
    public func record(_ lease: TaskLease, _ hosts: [PlannedHost], now: Date) throws {
        let time = Timestamp.format(now)
        try holding(lease) { database in
            for host in hosts {
                let isOurs = try Self.write(host.instance, lease, time, database)
                if isOurs, host.isInRun { try Self.plan(host, lease, time, database) }
            }
        }
    }

    /// - Returns: false for an instance that is known in another account or region: an instance cannot move, so the
    ///   listing is wrong, and changes nothing.
    private static func write(
        _ instance: ListedInstance, _ lease: TaskLease, _ time: String, _ database: any SQLConnection
    ) throws -> Bool {
        let isGone = instance.state == "terminated"
        let changed = try database.run(
            """
            INSERT INTO instances (id, account_id, region, name, state, instance_type, availability_zone, image_id,
                vpc_id, private_address, launched_at, platform, architecture, ssm_status, ssm_agent_version,
                first_listed, last_listed, terminated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, instance_type = excluded.instance_type,
                availability_zone = excluded.availability_zone, image_id = excluded.image_id,
                vpc_id = excluded.vpc_id, private_address = excluded.private_address,
                launched_at = excluded.launched_at, platform = excluded.platform,
                architecture = excluded.architecture, ssm_status = excluded.ssm_status,
                ssm_agent_version = excluded.ssm_agent_version, last_listed = excluded.last_listed,
                terminated_at = CASE WHEN excluded.terminated_at IS NULL THEN NULL
                    ELSE COALESCE(instances.terminated_at, excluded.terminated_at) END
            WHERE instances.account_id = excluded.account_id AND instances.region = excluded.region
            """,
            [
                instance.id, lease.accountID, lease.region, instance.name, instance.state, instance.type,
                instance.availabilityZone, instance.imageID, instance.vpcID, instance.privateAddress,
                instance.launchedAt.map(Timestamp.format), instance.platform, instance.architecture,
                instance.ssmStatus, instance.ssmAgentVersion, time, time, isGone ? time : nil,
            ])
        guard changed > 0 else { return false }
        let sql = "SELECT row_id FROM instances WHERE id = ?"
        guard let row = try (database.value(sql, [instance.id]) as Int64?) else {
            return false
        }
        let tags: [String: String] = try database.pairs(
            "SELECT key, value FROM instance_tags WHERE instance_row_id = ?", [row])
        if tags != instance.tags {
            try database.run("DELETE FROM instance_tags WHERE instance_row_id = ?", [row])
            for (key, value) in instance.tags {
                try database.run("INSERT INTO instance_tags VALUES (?, ?, ?)", [row, key, value])
            }
        }
        if isGone { try terminate(host: instance.id, time, database) }
        return true
    }

    private static func plan(
        _ host: PlannedHost, _ lease: TaskLease, _ time: String, _ database: any SQLConnection
    ) throws {
        let windows = host.windows.isEmpty ? "" : "," + host.windows.map { "\($0)," }.joined()
        // A host that answered with this document keeps its agent.
        try database.run(
            """
            INSERT INTO results (job_row_id, task_row_id, account_id, region, instance_id, architecture, windows,
                fetches, batch_limit, reason, detail, ended_at)
            SELECT ?, ?, ?, ?, ?, ?, ?, document IS DISTINCT FROM ?, 50, ?, ?, ? FROM instances WHERE id = ?
            ON CONFLICT (job_row_id, instance_id) DO UPDATE SET architecture = excluded.architecture, windows = excluded.windows,
                fetches = excluded.fetches, reason = excluded.reason, detail = excluded.detail,
                ended_at = excluded.ended_at
            WHERE results.task_row_id = excluded.task_row_id
            """,
            [
                lease.job.row, lease.task, lease.accountID, lease.region, host.instance.id, host.architecture, windows,
                lease.job.document, host.reason?.rawValue, host.detail, host.reason == nil ? nil : time,
                host.instance.id,
            ])
        guard let reason = host.reason else { return }
        try note(reason, host.detail, of: host.instance.id, job: lease.job.row, time, database)
    }

    /// Keeps how the last run ended for an instance.
    static func note(
        _ reason: Reason, _ detail: String?, of instance: String, job: Int64, _ time: String,
        _ database: any SQLConnection
    ) throws {
        try database.run(
            "UPDATE instances SET reason = ?, detail = ?, reason_at = ?, job_row_id = ? WHERE id = ?",
            [reason.rawValue, detail, time, job, instance])
    }

    /// Ends the listing that began at `now`. After a complete one, instances that are not in it are terminated.
    public func finishListing(_ lease: TaskLease, isComplete: Bool, now: Date) throws -> Job {
        let time = Timestamp.format(now)
        return try holding(lease) { database in
            if isComplete { try Self.terminateUnlisted(lease, time, database) }
            try database.run(
                """
                UPDATE tasks SET phase = 'send', failures = 0, detail = NULL,
                    hosts = (SELECT COUNT(*) FROM results WHERE task_row_id = tasks.row_id) WHERE row_id = ?
                """, [lease.task])
            try Self.count(lease, database)
            try Self.noteScope(
                lease.accountID, lease.region, .ok, isComplete ? nil : "incomplete", job: lease.job.row, time,
                database)
            return try Job.find("row_id = ?", [lease.job.row], database) ?? lease.job
        }
    }

    /// Adds what the listing of a task found to the counts of its run.
    private static func count(_ lease: TaskLease, _ database: any SQLConnection) throws {
        try database.run(
            """
            UPDATE jobs SET hosts = (SELECT COALESCE(SUM(hosts), 0) FROM tasks WHERE job_row_id = jobs.row_id),
                hosts_done = hosts_done
                    + (SELECT COUNT(*) FROM results WHERE task_row_id = ? AND reason IS NOT NULL)
            WHERE row_id = ?
            """, [lease.task, lease.job.row])
    }

    /// What a complete listing of the scope does not have is gone: its databases are missing, and nothing is deleted.
    private static func terminateUnlisted(_ lease: TaskLease, _ time: String, _ database: any SQLConnection) throws {
        let scope: SQLValues = [lease.accountID, lease.region, time]
        // That these are here only their own reports said.
        let reported: [String] = try database.values(
            """
            SELECT instance_id FROM hosts h WHERE account_id = ? AND region = ? AND instance_id IS NOT NULL
                AND retired_at IS NULL AND last_seen < ?
                AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.id = h.instance_id) ORDER BY row_id
            """, scope)
        for id in reported { try terminate(host: id, time, database) }
        let listed: [String] = try database.values(
            """
            SELECT id FROM instances WHERE account_id = ? AND region = ? AND last_listed <> ? AND state <> 'terminated'
                ORDER BY row_id
            """, scope)
        for id in listed {
            try database.run(
                "UPDATE instances SET state = 'terminated', ssm_status = NULL, terminated_at = ? WHERE id = ?",
                [time, id])
            try terminate(host: id, time, database)
            var instance = ListedInstance(id: id, state: "terminated")
            instance.architecture = nil
            try plan(PlannedHost(instance, reason: .terminated, detail: "not_listed"), lease, time, database)
        }
    }

    /// Retires the host of an instance that is gone, if it is known.
    private static func terminate(host instance: String, _ time: String, _ database: any SQLConnection) throws {
        let sql = "SELECT row_id, id FROM hosts WHERE instance_id = ?"
        guard let row = try database.one(sql, [instance]) else { return }
        guard try retire(row[0], at: time, database) else { return }
        try database.record(.retired, of: row[1], after: "terminated", source: Observation.discovery, at: time)
    }
}
