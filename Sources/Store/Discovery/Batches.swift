import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// The next hosts to ask; hosts of an active maintenance window are skipped.
    public func nextBatch(_ lease: TaskLease, size: Int, windows: [Int], now: Date) throws -> BatchStep {
        try holding(lease) { database in
            guard let job = try Job.find("row_id = ?", [lease.job.row], database) else { return .stopped }
            guard job.stop == nil else { return .stopped }
            guard job.stage != .planning else { return .nothing }
            for window in windows {
                try Self.closeHosts(
                    "task_row_id = ? AND batch_row_id IS NULL AND windows LIKE ?", [lease.task, "%,\(window),%"],
                    .skipped, "maintenance_window", job: job.row, now: now, database)
            }
            let open = """
                task_row_id = ? AND reason IS NULL AND batch_row_id IS NULL
                    AND (is_canary OR ?)
                """
            let arguments: SQLValues = [lease.task, job.stage == .rest]
            let first = try database.one(
                "SELECT architecture, fetches, batch_limit FROM results WHERE \(open) ORDER BY row_id LIMIT 1",
                arguments)
            guard let first else { return .nothing }
            let (architecture, fetches, limit): (String, Bool, Int) = try (first[0], first[1], first[2])
            let sql = """
                SELECT row_id, instance_id, attempt + 1 FROM results
                WHERE \(open) AND architecture = ? AND fetches = ? AND batch_limit = ? ORDER BY row_id LIMIT ?
                """
            let rows = try database.all(sql, arguments + [architecture, fetches, limit, min(size, limit)])
            return .batch(
                try Self.addBatch(
                    rows.map { try ($0[0], $0[1], $0[2]) }, architecture: architecture, fetches: fetches, lease,
                    database))
        }
    }

    private static func addBatch(
        _ hosts: [(row: Int64, id: String, attempt: Int)], architecture: String, fetches: Bool, _ lease: TaskLease,
        _ database: any SQLConnection
    ) throws -> Batch {
        let number = try (database.value("SELECT COALESCE(MAX(row_id), 0) + 1 FROM batches") as Int64?) ?? 1
        let comment = "dbcensus \(lease.job.id) batch \(number)"
        try database.run(
            """
            INSERT INTO batches (row_id, task_row_id, comment, state, architecture, fetches)
            VALUES (?, ?, ?, 'planned', ?, ?)
            """, [number, lease.task, comment, architecture, fetches])
        for host in hosts {
            try database.run(
                "UPDATE results SET batch_row_id = ?, attempt = attempt + 1 WHERE row_id = ?", [number, host.row])
        }
        return Batch(
            row: number, comment: comment, state: .planned, architecture: architecture, fetches: fetches,
            commandID: nil, sendingAt: nil, hosts: Dictionary(hosts.map { ($0.id, $0.attempt) }) { $1 })
    }

    /// Batches of the task that have no end yet.
    public func openBatches(_ lease: TaskLease) throws -> [Batch] {
        try holding(lease) { database in
            let rows = try database.all(
                """
                SELECT row_id, comment, state, architecture, fetches, command_id, sending_at FROM batches
                WHERE task_row_id = ? AND state <> 'done' ORDER BY row_id
                """, [lease.task])
            return try rows.map { row in
                let sql = "SELECT instance_id, attempt FROM results WHERE batch_row_id = ? AND reason IS NULL"
                return try Batch(
                    row: row[0], comment: row[1], state: Batch.State(rawValue: row[2]) ?? .planned,
                    architecture: row[3], fetches: row[4], commandID: row[5],
                    sendingAt: (row[6] as String?).flatMap(Timestamp.parse),
                    hosts: database.pairs(sql, [row.values[0]]))
            }
        }
    }

    /// Notes that AWS is about to be asked to send a batch; false when its run was told to stop.
    public func beginSending(_ batch: Batch, _ lease: TaskLease, now: Date) throws -> Bool {
        try holding(lease) { database in
            let sql = "SELECT stop IS NULL FROM jobs WHERE row_id = ?"
            let goesOn = try (database.value(sql, [lease.job.row]) as Bool?) ?? false
            guard goesOn else {
                try Self.free(batch, database)
                return false
            }
            try database.run(
                """
                UPDATE batches SET state = 'sending', sending_at = COALESCE(sending_at, ?)
                WHERE row_id = ? AND state IN ('planned', 'sending')
                """, [Timestamp.format(now), batch.row])
            return true
        }
    }

    /// Notes the command of a batch.
    public func sent(_ batch: Batch, commandID: String, _ lease: TaskLease, now: Date) throws {
        try holding(lease) { database in
            try database.run(
                "UPDATE batches SET state = 'sent', command_id = ?, sent_at = ? WHERE row_id = ? AND state <> 'done'",
                [commandID, Timestamp.format(now), batch.row])
        }
    }

    /// Ends a batch that AWS refused: its hosts are asked again, in batches of at most `limit`.
    public func takeBack(_ batch: Batch, limit: Int, _ lease: TaskLease) throws {
        try holding(lease) { database in
            try database.run(
                "UPDATE results SET batch_limit = ?, attempt = attempt - 1 WHERE batch_row_id = ? AND reason IS NULL",
                [limit, batch.row])
            try Self.free(batch, database)
        }
    }

    /// Ends a batch that was not sent: its hosts wait for another one.
    private static func free(_ batch: Batch, _ database: any SQLConnection) throws {
        try database.run(
            "UPDATE results SET batch_row_id = NULL WHERE batch_row_id = ? AND reason IS NULL", [batch.row])
        try database.run("UPDATE batches SET state = 'done' WHERE row_id = ?", [batch.row])
    }
}
