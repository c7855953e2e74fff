import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// The most rows that one step looks at: a step is one short transaction, so that reports go on being stored.
    static let retentionStep = 500
    /// Rows of other tables that one step looks at.
    static let retentionWindow = 2_000

    /// One step; false when nothing is left to do in this run.
    public func retain(
        _ policy: RetentionPolicy, _ progress: inout RetentionProgress, now: Date? = nil
    ) throws -> Bool {
        let now = now ?? self.now()
        if !progress.areRowsRemoved, try retainPartitions(policy, &progress, now: now) { return true }
        let (step, isMore) = try write { database in
            var next = progress
            func before(_ days: Int) -> String { policy.time(days, now) }
            let reports = try Self.removeReports(before(policy.reportDays), &next, database)
            let sizes = try Self.thinSizes(before(policy.sizeDays), before(policy.historyDays), &next, database)
            var (others, isPassing) = (0, false)
            for (table, column, days) in [
                ("audit", "at", policy.auditDays), ("dead_letters", "received_at", policy.deadLetterDays),
                ("changes", "at", policy.historyDays), ("host_events", "at", policy.historyDays),
                ("database_history", "valid_until", policy.historyDays),
            ] {
                let first = next.passed[table] ?? 0
                let last: Int64? = try database.value(
                    """
                    SELECT MAX(row_id) FROM
                        (SELECT row_id FROM \(table) WHERE row_id > ? ORDER BY row_id LIMIT \(Self.retentionWindow)) w
                    """, [first])
                guard let last else { continue }
                others += try database.run(
                    "DELETE FROM \(table) WHERE row_id > ? AND row_id <= ? AND \(column) < ?",
                    [first, last, before(days)])
                (next.passed[table], isPassing) = (last, true)
            }
            others += try Self.removeRuns(before(policy.runDays), before(policy.historyDays), database)
            // In the last steps alone: these read all counts and all instances.
            if !reports, !sizes, !isPassing, others == 0 {
                try database.run("DELETE FROM census WHERE databases = 0 AND bytes = 0")
                others = try Self.removeInstances(before(policy.historyDays), database)
            }
            try database.run("DELETE FROM token_usage WHERE day < ?", [before(2)])
            next.others += others
            return (next, reports || sizes || isPassing || others > 0)
        }
        var next = step
        var isUnseen = false
        if policy.unseenDays > 0 {
            let time = Timestamp.format(now.addingTimeInterval(-Double(policy.unseenDays) * 86_400))
            let old = try hosts(unseenSince: time, limit: Self.hostStep)
            for id in old where try forgetHost(id, source: "retention", now: now) { next.hosts += 1 }
            isUnseen = old.count == Self.hostStep
        }
        progress = next
        return isMore || isUnseen
    }

    /// Removes results of runs that ended before `detail`, and runs that ended before `history`.
    private static func removeRuns(_ detail: String, _ history: String, _ database: any SQLConnection) throws -> Int {
        let old = "SELECT row_id FROM jobs WHERE ended_at < ?"
        let ofTasks = "(SELECT t.row_id FROM tasks t WHERE t.job_row_id IN (\(old)))"
        var removed = 0
        func remove(_ table: String, _ condition: String, _ time: String) throws {
            let sql = """
                DELETE FROM \(table) WHERE row_id IN
                    (SELECT row_id FROM \(table) WHERE \(condition) LIMIT \(retentionStep))
                """
            removed += try database.run(sql, [time])
        }
        try remove("results", "job_row_id IN (\(old))", detail)
        // What others refer to goes after them.
        let isReferred = "EXISTS (SELECT 1 FROM results r WHERE r.batch_row_id = batches.row_id)"
        try remove("batches", "task_row_id IN \(ofTasks) AND NOT \(isReferred)", detail)
        guard removed == 0 else { return removed }
        for table in ["coverage_history", "run_documents"] {
            try database.run("DELETE FROM \(table) WHERE job_row_id IN (\(old))", [history])
        }
        try remove("tasks", "job_row_id IN (\(old))", history)
        guard removed == 0 else { return removed }
        try remove("jobs", "ended_at < ?", history)
        try remove("skipped_runs", "due_at < ?", history)
        return removed
    }

    /// Removes instances that were terminated before `time` and whose hosts, if any, are removed too.
    private static func removeInstances(_ time: String, _ database: any SQLConnection) throws -> Int {
        let old: [Int64] = try database.values(
            """
            SELECT row_id FROM instances i WHERE terminated_at < ?
                AND NOT EXISTS (SELECT 1 FROM hosts h WHERE h.instance_id = i.id) LIMIT \(retentionStep)
            """, [time])
        for row in old {
            try database.run("DELETE FROM instance_tags WHERE instance_row_id = ?", [row])
            try database.run("DELETE FROM instances WHERE row_id = ?", [row])
        }
        return old.count
    }

    /// The most hosts that one step removes.
    private static let hostStep = 20

    /// The condition that a report in `table` is the one in which its host, listing or database was last seen.
    private static func isLast(_ table: String) -> String {
        """
        (EXISTS (SELECT 1 FROM hosts h WHERE h.row_id = \(table).place AND h.last_seen = \(table).seen_at)
            OR EXISTS (SELECT 1 FROM listings l WHERE l.row_id = -\(table).place AND l.last_seen = \(table).seen_at)
            OR EXISTS (SELECT 1 FROM databases d WHERE d.place = \(table).place AND d.last_seen = \(table).seen_at))
        """
    }

    /// Makes the partitions that are needed soon, and drops the oldest one that is too old.
    ///
    /// - Returns: whether one was dropped.
    private func retainPartitions(
        _ policy: RetentionPolicy, _ progress: inout RetentionProgress, now: Date
    ) throws -> Bool {
        guard database.dialect == .postgresql else { return false }
        // Where they cannot be made, rows are in the partition for all others.
        if progress.report == 0, progress.database == 0 { try? makePartitions(now: now) }
        let (reports, history) = (policy.time(policy.reportDays, now), policy.time(policy.historyDays, now))
        do {
            let removed = try dropPartition(of: .reports, before: reports) { table in
                let last = "r.place = p.row_id AND r.seen_at = p.last_seen AND p.last_seen < '\(reports)'"
                return """
                    SELECT r.row_id FROM hosts p JOIN \(table) r ON \(last)
                    UNION SELECT r.row_id FROM listings p
                        JOIN \(table) r ON \(last.replacing("p.row_id", with: "-p.row_id"))
                    UNION SELECT r.row_id FROM databases p JOIN \(table) r ON \(last.replacing("p.row_id", with: "p.place"))
                    UNION SELECT r.row_id FROM \(table) r WHERE r.received_at >= '\(reports)'
                    """
            }
            if let removed {
                progress.reports += removed
                if removed > 0 { try write { try Self.note(reports, $0) } }
                return true
            }
            if let removed = try dropPartition(of: .sizes, before: history) {
                progress.sizes += removed
                return true
            }
        } catch let error as StoreError where [.failed, .unreachable, .cannotOpen].contains(error.code) {
            // Another session reads it, or the user does not own it: its rows go one by one.
            progress.areRowsRemoved = true
        }
        return false
    }

    /// Keeps the time until which reports were removed.
    private static func note(_ time: String, _ database: any SQLConnection) throws {
        try database.run(
            "INSERT INTO meta VALUES ('reports_removed', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [time])
    }

    /// Reports are in the order of their receipt; one whose host or database was last seen in it stays. On a server
    /// these are the reports without a partition of their own.
    private static func removeReports(
        _ time: String, _ progress: inout RetentionProgress, _ database: any SQLConnection
    ) throws -> Bool {
        let isWhole = database.dialect == .sqlite || progress.areRowsRemoved
        let table = isWhole ? "reports" : Partitions.reports.others
        let rows = try database.all(
            "SELECT row_id, received_at < ? FROM \(table) WHERE row_id > ? ORDER BY row_id LIMIT \(retentionStep)",
            [time, progress.report])
        let old: [Int64] = try rows.prefix { try $0[1] }.map { try $0[0] }
        guard let last = old.last else { return false }
        let removed = try database.run(
            "DELETE FROM \(table) WHERE row_id > ? AND row_id <= ? AND NOT \(isLast(table))", [progress.report, last])
        if removed > 0 { try note(time, database) }
        progress.reports += removed
        progress.report = last
        return rows.count == old.count
    }

    /// Of each day the last size stays, and every size that is newer than `time`; none that is older than `history`.
    private static func thinSizes(
        _ time: String, _ history: String, _ progress: inout RetentionProgress, _ database: any SQLConnection
    ) throws -> Bool {
        let ids: [Int64] = try database.values(
            "SELECT row_id FROM databases WHERE row_id > ? ORDER BY row_id LIMIT \(retentionStep)",
            [progress.database])
        guard let last = ids.last else { return false }
        progress.sizes += try database.run(
            """
            DELETE FROM observations WHERE database_row_id > ? AND database_row_id <= ? AND at < ?
                AND at > (SELECT first_seen FROM databases d
                          WHERE d.place = observations.place AND d.row_id = database_row_id)
                AND EXISTS (SELECT 1 FROM observations later
                            WHERE later.place = observations.place
                                AND later.database_row_id = observations.database_row_id
                                AND later.at > observations.at
                                AND later.at < substr(observations.at, 1, 10) || 'U')
            """, [progress.database, last, time])
        let isWhole = database.dialect == .sqlite || progress.areRowsRemoved
        let table = isWhole ? "observations" : Partitions.sizes.others
        progress.sizes += try database.run(
            "DELETE FROM \(table) WHERE database_row_id > ? AND database_row_id <= ? AND at < ?",
            [progress.database, last, history])
        progress.database = last
        return true
    }

    /// Until when reports were removed; nil when all that ever came are there.
    public func reportsRemovedUntil() throws -> String? {
        try read { try $0.value("SELECT value FROM meta WHERE key = 'reports_removed'") as String? }
    }
}

extension RetentionPolicy {
    /// The time so many days before `now`.
    fileprivate func time(_ days: Int, _ now: Date) -> String {
        Timestamp.format(now.addingTimeInterval(-Double(days) * 86_400))
    }
}
