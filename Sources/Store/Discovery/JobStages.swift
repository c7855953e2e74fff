import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Tells a run to stop: nothing further is sent. False when it has ended, or was told before.
    public func stopJob(_ id: String, as end: JobState, code: String, detail: String, now: Date) throws -> Bool {
        try write { database in
            guard let job = try Job.find("id = ?", [id], database) else { return false }
            return try Self.stop(job, end, code, detail, now, database)
        }
    }

    private static func stop(
        _ job: Job, _ end: JobState, _ code: String, _ detail: String, _ now: Date, _ database: any SQLConnection
    ) throws -> Bool {
        let changed = try database.run(
            """
            UPDATE jobs SET stop = ?, state = 'stopping', code = ?, detail = ?
            WHERE row_id = ? AND stop IS NULL AND ended_at IS NULL
            """, [end.rawValue, code, detail, job.row])
        guard changed == 1 else { return false }
        // Tasks without a command under way end here; workers see to the others.
        let idle = """
            SELECT t.row_id FROM tasks t WHERE t.job_row_id = ? AND t.state = 'queued'
                AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.task_row_id = t.row_id AND b.state IN ('sending', 'sent'))
            """
        let reason: Reason = end == .cancelled ? .cancelled : .skipped
        try closeHosts("task_row_id IN (\(idle))", [job.row], reason, end.rawValue, job: job.row, now: now, database)
        let time = Timestamp.format(now)
        try database.run(
            """
            UPDATE tasks SET state = 'done', code = CASE WHEN phase = 'send' THEN 'ok' ELSE 'skipped' END, detail = ?,
                ended_at = ? WHERE row_id IN (\(idle))
            """, [end.rawValue, time, job.row])
        return true
    }

    /// Moves a run on: from its canary to the rest, and to its end.
    public func advance(_ job: Int64, canary: CanaryRule, now: Date) throws -> (job: Job, hasEnded: Bool) {
        try write { database in
            guard var found = try Job.find("row_id = ?", [job], database) else {
                throw StoreError(.failed, "there is no run in row \(job)")
            }
            if found.stop == nil {
                if found.stage == .planning, try Self.isPlanned(job, database) {
                    try Self.chooseCanary(found, canary, now, database)
                } else if found.stage == .canary {
                    try Self.judgeCanary(found, now, database)
                }
                found = try Job.find("row_id = ?", [job], database) ?? found
            }
            let hasEnded = try Self.endIfDone(found, now, database)
            return (try Job.find("row_id = ?", [job], database) ?? found, hasEnded)
        }
    }

    private static func exists(_ sql: String, _ job: Int64, _ database: any SQLConnection) throws -> Bool {
        try (database.value("SELECT EXISTS (\(sql))", [job]) as Bool?) ?? false
    }

    /// Whether every scope was listed, or failed at least once: one that AWS throttles does not hold up the others.
    private static func isPlanned(_ job: Int64, _ database: any SQLConnection) throws -> Bool {
        try !exists(
            """
            SELECT 1 FROM tasks WHERE job_row_id = ? AND phase <> 'send' AND state IN ('queued', 'running')
                AND (failures = 0 OR phase = 'accounts')
            """, job, database)
    }

    private static func chooseCanary(
        _ job: Job, _ rule: CanaryRule, _ now: Date, _ database: any SQLConnection
    ) throws {
        let open = "job_row_id = ? AND reason IS NULL"
        guard
            let count = try (database.value("SELECT COUNT(*) FROM results WHERE \(open)", [job.row]) as Int?), count > 0
        else { return try setStage(.rest, job.row, database) }
        for (key, values) in rule.tags {
            for value in values {
                try database.run(
                    """
                    UPDATE results SET is_canary = TRUE WHERE \(open) AND instance_id IN
                        (SELECT i.id FROM instance_tags t JOIN instances i ON i.row_id = t.instance_row_id
                         WHERE t.key = ? AND t.value = ?)
                    """, [job.row, key, value])
            }
        }
        for account in rule.accounts {
            try database.run(
                "UPDATE results SET is_canary = TRUE WHERE \(open) AND account_id = ?", [job.row, account])
        }
        if rule.tags.isEmpty, rule.accounts.isEmpty {
            guard rule.percent > 0 else { return try setStage(.rest, job.row, database) }
            // Spread over all scopes, and the same ones each time: a multiplication mixes the rows' numbers.
            try database.run(
                """
                UPDATE results SET is_canary = TRUE WHERE row_id IN
                    (SELECT row_id FROM results WHERE \(open) ORDER BY ((row_id % 2147483648) * 2654435761) % 4294967296 LIMIT ?)
                """, [job.row, max(1, count * rule.percent / 100)])
        }
        guard try exists("SELECT 1 FROM results WHERE \(open) AND is_canary", job.row, database) else {
            _ = try stop(
                job, .halted, "canary_empty",
                "the canary is empty: no reachable host is in discovery.canary. Tag one or change the setting, then begin a new run",
                now, database)
            return
        }
        try setStage(.canary, job.row, database)
    }

    private static func setStage(_ stage: JobStage, _ job: Int64, _ database: any SQLConnection) throws {
        try database.run("UPDATE jobs SET stage = ? WHERE row_id = ?", [stage.rawValue, job])
    }

    /// When every host of the canary has its reason: to the rest after a clean canary, to the end after any other.
    private static func judgeCanary(_ job: Job, _ now: Date, _ database: any SQLConnection) throws {
        let isOpen = try exists(
            "SELECT 1 FROM results WHERE job_row_id = ? AND is_canary AND reason IS NULL", job.row, database)
        guard !isOpen else { return }
        let answers = Reason.allCases.filter(\.isAnswered).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let isAnswered = try exists(
            "SELECT 1 FROM results WHERE job_row_id = ? AND is_canary AND reason IN (\(answers))", job.row, database)
        guard isAnswered else {
            _ = try stop(
                job, .halted, "canary_unanswered",
                "no host of the canary answered: see `dbcensus-collector jobs results`, correct the hosts and retry the run",
                now,
                database)
            return
        }
        // A run of a few chosen hosts proves nothing for the others.
        if job.request == ScanRequest(), !job.document.hasPrefix(NewJob.unproven) {
            try database.run(
                """
                INSERT INTO proven_documents VALUES (?, ?, ?) ON CONFLICT (document)
                DO UPDATE SET proven_at = excluded.proven_at, job_row_id = excluded.job_row_id
                """,
                [job.document, Timestamp.format(now), job.row])
        }
        try setStage(.rest, job.row, database)
    }

    /// Ends a run whose tasks have ended; true when it ended now.
    private static func endIfDone(_ job: Job, _ now: Date, _ database: any SQLConnection) throws -> Bool {
        let isOpen = try exists(
            "SELECT 1 FROM tasks WHERE job_row_id = ? AND state IN ('queued', 'running')", job.row, database)
        guard !isOpen, !job.state.isEnded else { return false }
        let sql = "SELECT code, detail FROM tasks WHERE job_row_id = ? AND phase = 'accounts' AND state = 'dead'"
        let failed = try database.one(sql, [job.row])
        let end = job.stop ?? (failed == nil ? .completed : .failed)
        try database.run(
            """
            UPDATE jobs SET state = ?, ended_at = ?, code = COALESCE(code, ?), detail = COALESCE(detail, ?)
            WHERE row_id = ?
            """, [end.rawValue, Timestamp.format(now), failed?.values[0], failed?.values[1], job.row])
        try database.run("DELETE FROM coverage_history WHERE job_row_id = ?", [job.row])
        try database.run(
            """
            INSERT INTO coverage_history SELECT job_row_id, account_id, region, reason, COUNT(*) FROM results
            WHERE job_row_id = ? AND reason IS NOT NULL GROUP BY job_row_id, account_id, region, reason
            """, [job.row])
        return true
    }

    /// Asks what failed in an ended run again: its failed hosts, and scopes in which something is wrong.
    public func retryJob(_ id: String, now: Date) throws -> Int? {
        try write { database in
            guard let job = try Job.find("id = ?", [id], database) else { return nil }
            guard job.state.isEnded else {
                throw StoreError(
                    .conflict, "cannot retry the run \(id): it is still running. Wait until it ends, or cancel it")
            }
            let time = Timestamp.format(now)
            // What a stop left out is open again too.
            let again = Reason.allCases.filter(\.isFailure).map { "'\($0.rawValue)'" }.joined(separator: ", ")
            var count = try database.run(
                """
                UPDATE results SET reason = NULL, detail = NULL, batch_row_id = NULL, started_at = NULL,
                    ended_at = NULL, duration_ms = NULL, fetches = TRUE, batch_limit = 50
                WHERE job_row_id = ? AND (reason IN (\(again)) OR reason = 'skipped' AND detail IN ('halted', 'throttled', 'failed'))
                """, [job.row])
            try database.run(
                """
                UPDATE tasks SET state = 'queued', code = NULL, detail = NULL, failures = 0, due_at = ?, ended_at = NULL
                WHERE job_row_id = ? AND EXISTS
                    (SELECT 1 FROM results r WHERE r.task_row_id = tasks.row_id AND r.reason IS NULL)
                """, [time, job.row])
            let codes = ScopeCode.allCases.filter(\.isFailure).map { "'\($0.rawValue)'" }.joined(separator: ", ")
            count += try database.run(
                """
                UPDATE tasks SET state = 'queued', code = NULL, detail = NULL, failures = 0, due_at = ?, ended_at = NULL
                WHERE job_row_id = ? AND state IN ('done', 'dead')
                    AND (state = 'dead' OR code IN (\(codes)) OR code = 'skipped' AND detail IN ('halted', 'cancelled'))
                """, [time, job.row])
            guard count > 0 else { return 0 }
            try recount(job.row, database)
            try database.run(
                """
                UPDATE jobs SET state = 'running', stop = NULL, code = NULL, detail = NULL, ended_at = NULL WHERE row_id = ?
                """, [job.row])
            return count
        }
    }

    private func recount(_ job: Int64, _ database: any SQLConnection) throws {
        func names(_ isWanted: (Reason) -> Bool) -> String {
            Reason.allCases.filter(isWanted).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        }
        try database.run(
            """
            UPDATE jobs SET (hosts_done, answered, failures, started, own_faults, databases) =
                (SELECT COUNT(reason), COUNT(CASE WHEN reason IN (\(names(\.isAnswered))) THEN 1 END),
                    COUNT(CASE WHEN reason IN (\(names(\.isFailure))) THEN 1 END),
                    COUNT(CASE WHEN reason IN (\(names(\.isStarted))) THEN 1 END),
                    COUNT(CASE WHEN reason IN (\(names(\.isOwnFault))) THEN 1 END), COALESCE(SUM(databases), 0)
                 FROM results WHERE job_row_id = jobs.row_id)
            WHERE row_id = ?
            """, [job])
    }
}
