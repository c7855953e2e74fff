import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Takes the task that is due first; nil when none may be worked on now.
    ///
    /// Two runs never work on the same account and region at a time: no host gets two commands at once.
    public func lease(owner: String, seconds: Double, now: Date? = nil) throws -> TaskLease? {
        // Most of the time there is nothing: then no write is begun.
        let before = Timestamp.format(now ?? self.now())
        guard try look({ try Self.due(owner: owner, before, $0) }) != nil else { return nil }
        return try write { database in
            // A write may have waited for others: the lease begins now.
            let (time, until) = Self.times(now ?? self.now(), seconds)
            guard let row = try Self.due(owner: owner, time, database) else { return nil }
            try database.run(
                """
                UPDATE tasks SET state = 'running', lease_owner = ?, lease_until = ?, fence = fence + 1,
                    attempts = attempts + 1, started_at = COALESCE(started_at, ?) WHERE row_id = ?
                """, [owner, until, time, row])
            let sql = "SELECT job_row_id, account_id, region, phase, failures, fence FROM tasks WHERE row_id = ?"
            guard let task = try database.one(sql, [row]) else { return nil }
            let jobRow: Int64 = try task[0]
            try database.run(
                "UPDATE jobs SET state = 'running', started_at = ? WHERE row_id = ? AND state = 'queued'",
                [time, jobRow])
            guard let job = try Job.find("row_id = ?", [jobRow], database) else { return nil }
            return try TaskLease(
                job: job, task: row, accountID: task[1], region: task[2],
                phase: TaskPhase(rawValue: task[3]) ?? .list, failures: task[4], owner: owner, fence: task[5])
        }
    }

    /// Whether a task may be worked on: its run is far enough.
    private static let mayRun = """
        j.ended_at IS NULL AND (t.phase <> 'send' OR j.stop IS NOT NULL OR j.stage = 'rest'
            OR (j.stage = 'canary' AND EXISTS
                (SELECT 1 FROM results r WHERE r.task_row_id = t.row_id AND r.reason IS NULL AND r.is_canary)))
        AND NOT EXISTS (SELECT 1 FROM tasks o WHERE o.account_id = t.account_id AND o.region = t.region
            AND o.state = 'running' AND o.job_row_id <> t.job_row_id AND t.region <> '*')
        """

    private static func due(owner: String, _ time: String, _ database: any SQLConnection) throws -> Int64? {
        let sql = """
            SELECT t.row_id FROM tasks t JOIN jobs j ON j.row_id = t.job_row_id
            WHERE (t.state = 'queued' AND (t.due_at <= ? OR j.stop IS NOT NULL)
                    OR t.state = 'running' AND t.lease_until < ? AND t.lease_owner <> ?) AND \(mayRun)
            ORDER BY t.job_row_id, t.due_at, t.row_id LIMIT 1
            """
        return try database.value(sql, [time, time, owner]) as Int64?
    }

    /// Keeps the leases of `owner`.
    public func renewLeases(owner: String, seconds: Double, now: Date? = nil) throws {
        try write { database in
            try database.run(
                "UPDATE tasks SET lease_until = ? WHERE state = 'running' AND lease_owner = ?",
                [Self.times(now ?? self.now(), seconds).until, owner])
        }
    }

    private static func times(_ now: Date, _ seconds: Double) -> (now: String, until: String) {
        (Timestamp.format(now), Timestamp.format(now.addingTimeInterval(seconds)))
    }

    /// Gives the leases of `owner` back, or those of everybody; no failure of the tasks.
    public func releaseLeases(owner: String?) throws {
        try write { database in
            try database.run(
                """
                UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL
                WHERE state = 'running' AND (CAST(? AS TEXT) IS NULL OR lease_owner = ?)
                """, [owner, owner])
        }
    }

    /// Makes every task that waits for a time due now: the clock was set back.
    public func hasten(now: Date) throws {
        try write { database in
            let time = Timestamp.format(now)
            try database.run("UPDATE tasks SET due_at = ? WHERE state = 'queued' AND due_at > ?", [time, time])
        }
    }

    /// Writes for the holder of a lease, in one transaction.
    @discardableResult
    func holding<Value>(_ lease: TaskLease, _ body: (any SQLConnection) throws -> Value) throws -> Value {
        try write { database in
            let sql = "SELECT 1 FROM tasks WHERE row_id = ? AND fence = ? AND lease_owner = ? AND state = 'running'"
            let isHeld =
                try (database.value(sql, [lease.task, lease.fence, lease.owner]) as Int?) != nil
            guard isHeld else { throw LeaseLost() }
            return try body(database)
        }
    }

    /// Gives a task back, to be worked on when its run is further.
    public func giveBack(_ lease: TaskLease) throws {
        try holding(lease) { database in
            try database.run(
                "UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL WHERE row_id = ?",
                [lease.task])
        }
    }

    /// Counts a failure, and tries the task again at a time.
    public func postpone(_ lease: TaskLease, until: Date, detail: String) throws {
        try holding(lease) { database in
            try database.run(
                """
                UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL, failures = failures + 1,
                    due_at = ?, detail = ? WHERE row_id = ?
                """, [Timestamp.format(until), detail, lease.task])
        }
    }

    /// Ends a task: `isDead` when it was given up and can be retried. Hosts without a reason get `reason`.
    public func end(
        _ lease: TaskLease, _ code: ScopeCode, detail: String?, isDead: Bool, reason: Reason, reasonDetail: String?,
        now: Date
    ) throws {
        try holding(lease) { database in
            try Self.closeHosts(
                "task_row_id = ?", [lease.task], reason, reasonDetail, job: lease.job.row, now: now, database)
            try database.run("UPDATE batches SET state = 'done' WHERE task_row_id = ?", [lease.task])
            try Self.endTask(lease, code, detail, isDead: isDead, now: now, database)
        }
    }

    /// Ends a task when all of its hosts have their reasons, and gives it back otherwise; true when it ended.
    public func settle(_ lease: TaskLease, now: Date) throws -> Bool {
        try holding(lease) { database in
            let sql = "SELECT EXISTS (SELECT 1 FROM results WHERE task_row_id = ? AND reason IS NULL)"
            if try (database.value(sql, [lease.task]) as Bool?) == true {
                try database.run(
                    "UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL WHERE row_id = ?",
                    [lease.task])
                return false
            }
            try Self.endTask(lease, .ok, nil, isDead: false, now: now, database)
            return true
        }
    }

    static func endTask(
        _ lease: TaskLease, _ code: ScopeCode, _ detail: String?, isDead: Bool, now: Date, _ database: any SQLConnection
    ) throws {
        let time = Timestamp.format(now)
        try database.run(
            """
            UPDATE tasks SET state = ?, code = ?, detail = ?, lease_owner = NULL, lease_until = NULL, ended_at = ?
            WHERE row_id = ?
            """, [isDead ? "dead" : "done", code.rawValue, detail, time, lease.task])
        try noteScope(lease.accountID, lease.region, code, detail, job: lease.job.row, time, database)
    }

    /// Keeps how the look at a scope ended. That the regions of an account were found is no news.
    static func noteScope(
        _ account: String, _ region: String, _ code: ScopeCode, _ detail: String?, job: Int64, _ time: String,
        _ database: any SQLConnection
    ) throws {
        guard account != "*" else { return }
        if region == "*" {
            try database.run("DELETE FROM scopes WHERE account_id = ? AND region = '*'", [account])
            if code == .ok { return }
        }
        try database.run(
            """
            INSERT INTO scopes (account_id, region, code, detail, checked_at, listed_at, job_row_id)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (account_id, region) DO UPDATE SET code = excluded.code, detail = excluded.detail, checked_at = excluded.checked_at,
                listed_at = COALESCE(excluded.listed_at, scopes.listed_at), job_row_id = excluded.job_row_id
            """, [account, region, code.rawValue, detail, time, code == .ok ? time : nil, job])
    }

    /// What waits in the queue.
    public func depth(now: Date) throws -> QueueDepth {
        try read { database in
            let states: [String: Int] = try database.pairs(
                "SELECT state, COUNT(*) FROM tasks WHERE state IN ('queued', 'running') GROUP BY state")
            let sql = """
                SELECT COUNT(*), MIN(t.due_at) FROM tasks t JOIN jobs j ON j.row_id = t.job_row_id
                WHERE t.state = 'queued' AND t.due_at <= ? AND \(Self.mayRun)
                """
            let ready = try database.one(sql, [Timestamp.format(now)])
            return try QueueDepth(ready: ready?[0] ?? 0, states: states, oldest: ready?[1])
        }
    }
}
