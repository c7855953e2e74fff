import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Keeps what became of hosts of a batch; `isLast` ends the batch.
    public func finish(
        _ results: [HostResult], of batch: Batch, isLast: Bool, _ lease: TaskLease, now: Date
    ) throws -> JobCounts {
        try holding(lease) { database in
            var sum = Sum()
            for result in results { try Self.finish(result, batch, lease, now, &sum, database) }
            try sum.add(to: lease.job.row, database)
            if isLast {
                try database.run(
                    "UPDATE batches SET state = 'done', ended_at = ? WHERE row_id = ?",
                    [Timestamp.format(now), batch.row])
            }
            return try Self.counts(lease.job.row, database)
        }
    }

    /// What results add to the counts of their run.
    private struct Sum {
        var (done, answered, failures, started, ownFaults, databases) = (0, 0, 0, 0, 0, 0)

        mutating func add(_ reason: Reason, databases: Int) {
            done += 1
            answered += reason.isAnswered ? 1 : 0
            failures += reason.isFailure ? 1 : 0
            started += reason.isStarted ? 1 : 0
            ownFaults += reason.isOwnFault ? 1 : 0
            self.databases += databases
        }

        func add(to job: Int64, _ database: any SQLConnection) throws {
            guard done > 0 else { return }
            try database.run(
                """
                UPDATE jobs SET hosts_done = hosts_done + ?, answered = answered + ?, failures = failures + ?,
                    started = started + ?, own_faults = own_faults + ?, databases = databases + ? WHERE row_id = ?
                """, [done, answered, failures, started, ownFaults, databases, job])
        }
    }

    private static func finish(
        _ result: HostResult, _ batch: Batch, _ lease: TaskLease, _ now: Date, _ sum: inout Sum,
        _ database: any SQLConnection
    ) throws {
        let job = lease.job.row
        if let again = result.again {
            try database.run(
                """
                UPDATE results SET batch_row_id = NULL, fetches = ?, detail = ?, architecture = COALESCE(?, architecture)
                WHERE job_row_id = ? AND instance_id = ? AND batch_row_id = ? AND reason IS NULL
                """, [again.fetches, result.detail, again.architecture, job, result.instanceID, batch.row])
            return
        }
        let time = Timestamp.format(now)
        let duration = result.startedAt.flatMap { start in
            result.endedAt.map { Int(min(1e12, max(0, ($0.timeIntervalSince(start) * 1000).rounded()))) }
        }
        let sql = "SELECT MAX(r.row_id) FROM reports r JOIN hosts h ON h.row_id = r.place WHERE h.instance_id = ?"
        let report: Int64? = result.reason.isAnswered ? try database.value(sql, [result.instanceID]) : nil
        let changed = try database.run(
            """
            UPDATE results SET reason = ?, detail = ?, started_at = ?, ended_at = ?, duration_ms = ?, databases = ?,
                report_row_id = ?
            WHERE job_row_id = ? AND instance_id = ? AND batch_row_id = ? AND reason IS NULL
            """,
            [
                result.reason.rawValue, result.detail, result.startedAt.map(Timestamp.format),
                Timestamp.format(result.endedAt ?? now), duration, result.databases,
                report, job, result.instanceID, batch.row,
            ])
        guard changed == 1 else { return }
        sum.add(result.reason, databases: result.databases ?? 0)
        try note(result.reason, result.detail, of: result.instanceID, job: job, time, database)
        if result.reason.isAnswered {
            try database.run(
                "UPDATE instances SET answered_at = ?, document = ? WHERE id = ?",
                [time, lease.job.document, result.instanceID])
        }
    }

    /// Gives hosts without a reason one, and counts them.
    static func closeHosts(
        _ condition: String, _ arguments: SQLValues, _ reason: Reason, _ detail: String?,
        job: Int64, now: Date, _ database: any SQLConnection
    ) throws {
        let time = Timestamp.format(now)
        try database.run(
            """
            UPDATE instances SET reason = ?, detail = ?, reason_at = ?, job_row_id = ? WHERE id IN
                (SELECT instance_id FROM results WHERE \(condition) AND reason IS NULL)
            """, [reason.rawValue, detail, time, job] + arguments)
        let changed = try database.run(
            "UPDATE results SET reason = ?, detail = ?, ended_at = ? WHERE \(condition) AND reason IS NULL",
            [reason.rawValue, detail, time] + arguments)
        var sum = Sum()
        for _ in 0..<changed { sum.add(reason, databases: 0) }
        try sum.add(to: job, database)
    }

    static func counts(_ job: Int64, _ database: any SQLConnection) throws -> JobCounts {
        let sql = "SELECT started, own_faults, stage, stop FROM jobs WHERE row_id = ?"
        let row = try database.one(sql, [job])
        return try JobCounts(
            started: row?[0] ?? 0, ownFaults: row?[1] ?? 0,
            stage: (row?[2] as String?).flatMap(JobStage.init) ?? .rest,
            stop: (row?[3] as String?).flatMap(JobState.init))
    }

    /// What the brake looks at now.
    public func counts(_ job: Int64) throws -> JobCounts { try look { try Self.counts(job, $0) } }

    /// The fault of the document's or the agent's own that most hosts of a run ended with.
    public func mostFrequentFault(_ job: Int64) throws -> String? {
        let faults = Reason.allCases.filter(\.isOwnFault).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try read { database in
            let row = try database.one(
                """
                SELECT reason, detail, COUNT(*) FROM results WHERE job_row_id = ? AND reason IN (\(faults))
                GROUP BY reason, detail ORDER BY 3 DESC, 1, 2 NULLS FIRST LIMIT 1
                """, [job])
            guard let row else { return nil }
            let (reason, detail): (String, String?) = try (row[0], row[1])
            return detail.map { "\(reason) (\($0))" } ?? reason
        }
    }
}
