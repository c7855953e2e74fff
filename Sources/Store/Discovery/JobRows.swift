import FoundationEssentials
import Inventory
import Report
import SQL

extension Job {
    static let columns = "id, row_id, state, stage, stop, requested_by, request, settings, document, created_at"

    /// A row of `columns`.
    init(_ row: SQLRow) throws {
        let request: String = try row[6]
        try self.init(
            id: row[0], row: row[1], state: JobState(rawValue: row[2]) ?? .failed,
            stage: JobStage(rawValue: row[3]) ?? .rest, stop: (row[4] as String?).flatMap(JobState.init),
            requestedBy: row[5],
            // One that a later version wrote covers nothing: an empty request would cover everything.
            request: (try? Report.decoder().decode(ScanRequest.self, from: Data(request.utf8)))
                ?? ScanRequest(accounts: ["000000000000"]),
            settings: row[7], document: row[8], createdAt: row[9])
    }

    static func find(_ condition: String, _ arguments: SQLValues, _ database: any SQLConnection) throws
        -> Job?
    {
        try database.one("SELECT \(columns) FROM jobs WHERE \(condition)", arguments).map(Job.init)
    }
}

extension InventoryStore {
    /// Runs that have not ended at a time.
    static let mostOpenJobs = 100

    /// Adds a run; the one that is there already when its requester used the idempotency key before.
    public func addJob(_ job: NewJob, now: Date) throws -> (job: Job, isNew: Bool) {
        try write { database in
            if let known = try Self.known(job, database) {
                guard known.request == job.request else {
                    throw StoreError(
                        .conflict, "this Idempotency-Key was used for another request: use a new one")
                }
                return (known, false)
            }
            return (try Self.add(job, now: now, database), true)
        }
    }

    /// Adds the run that the schedule has at a time, once for all programs on the store. While another run is active,
    /// that it was left out is kept instead.
    public func addScheduledJob(_ job: NewJob, dueAt: Date, now: Date) throws -> ScheduledRun {
        let due = Timestamp.format(dueAt)
        return try write { database in
            let isSettled = try database.exists("SELECT 1 FROM skipped_runs WHERE due_at = ?", [due])
            guard try !isSettled && Self.known(job, database) == nil else { return .settled }
            let active = "SELECT id FROM jobs WHERE ended_at IS NULL ORDER BY row_id LIMIT 1"
            if let active: String = try database.value(active) {
                try database.run(
                    "INSERT INTO skipped_runs (due_at, reason) VALUES (?, ?)",
                    [due, "the run \(active) was still active"])
                return .skipped(active: active)
            }
            return .begun(try Self.add(job, now: now, database))
        }
    }

    /// The run that the requester began with the same idempotency key.
    private static func known(_ job: NewJob, _ database: any SQLConnection) throws -> Job? {
        guard let key = job.idempotencyKey else { return nil }
        return try Job.find("requested_by = ? AND idempotency_key = ?", [job.requestedBy, key], database)
    }

    private static func add(_ job: NewJob, now: Date, _ database: any SQLConnection) throws -> Job {
        let open = try (database.value("SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL") as Int?) ?? 0
        guard open < mostOpenJobs else {
            throw StoreError(
                .conflict, "\(open) runs have not ended: wait for them, or cancel some, before you begin another")
        }
        let time = Timestamp.format(now)
        let request = String(decoding: try Report.encoder(.minified).encode(job.request), as: UTF8.self)
        let stage: JobStage = try isProven(job.document, database) ? .rest : .planning
        let row = try database.insert(
            """
            INSERT INTO jobs (id, state, stage, origin, requested_by, request, settings, document, traceparent,
                idempotency_key, created_at)
            VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                job.id, stage.rawValue, job.origin, job.requestedBy, request, job.settings, job.document,
                job.traceparent, job.idempotencyKey, time,
            ])
        try database.run(
            """
            INSERT INTO tasks (job_row_id, account_id, region, state, phase, due_at)
            VALUES (?, '*', '*', 'queued', 'accounts', ?)
            """, [row, time])
        guard let added = try Job.find("row_id = ?", [row], database) else {
            throw StoreError(.failed, "the run \(job.id) is not there after it was added")
        }
        return added
    }

    /// A run; nil when there is none.
    public func job(_ id: String) throws -> Job? { try look { try Job.find("id = ?", [id], $0) } }

    /// The runs that have not ended, the first one first.
    public func openJobs() throws -> [Job] {
        try read { database in
            try database.all("SELECT \(Job.columns) FROM jobs WHERE ended_at IS NULL ORDER BY row_id LIMIT 1000").map(
                Job.init)
        }
    }

    /// How far a run is; nil when there is none.
    public func progress(_ id: String) throws -> JobProgress? {
        try read { database in
            let sql = """
                SELECT row_id, state, code, detail, hosts, hosts_done, databases, started_at, ended_at FROM jobs
                WHERE id = ?
                """
            guard let row = try database.one(sql, [id]) else { return nil }
            let job: Int64 = try row[0]
            var progress = try JobProgress(id: id, state: JobState(rawValue: row[1]) ?? .failed)
            (progress.code, progress.detail) = try (row[2], row[3])
            (progress.hosts, progress.hosts_done, progress.databases) = try (row[4], row[5], row[6])
            (progress.started_at, progress.ended_at) = try (row[7], row[8])
            let tasks = try database.one(
                """
                SELECT COUNT(*), COUNT(CASE WHEN state IN ('done', 'dead') THEN 1 END),
                    COUNT(DISTINCT account_id),
                    COUNT(DISTINCT CASE WHEN state NOT IN ('done', 'dead') THEN account_id END)
                FROM tasks WHERE job_row_id = ? AND account_id <> '*'
                """, [job])
            if let tasks {
                (progress.tasks, progress.tasks_done, progress.accounts) = try (tasks[0], tasks[1], tasks[2])
                progress.accounts_done = try progress.accounts - tasks[3]
            }
            progress.scopes = try Self.counted(
                """
                SELECT code, COUNT(*) FROM tasks WHERE job_row_id = ? AND code IS NOT NULL AND account_id <> '*'
                    AND (region <> '*' OR code <> 'ok') GROUP BY code
                """, job, database)
            progress.reasons = try Self.counted(
                "SELECT reason, COUNT(*) FROM results WHERE job_row_id = ? AND reason IS NOT NULL GROUP BY reason",
                job, database)
            if progress.reasons.isEmpty {
                // The rows of an old run's hosts are no longer kept.
                progress.reasons = try Self.counted(
                    "SELECT reason, SUM(hosts) FROM coverage_history WHERE job_row_id = ? GROUP BY reason", job,
                    database)
            }
            return progress
        }
    }

    private static func counted(_ sql: String, _ job: Int64, _ database: any SQLConnection) throws -> [String: Int] {
        return try database.pairs(sql, [job])
    }

    private static func isProven(_ document: String, _ database: any SQLConnection) throws -> Bool {
        guard !document.hasPrefix(NewJob.unproven) else { return false }
        return try
            (database.value("SELECT EXISTS (SELECT 1 FROM proven_documents WHERE document = ?)", [document]) as Bool?)
            ?? false
    }

    /// The document that a run sends in a region; nil when it has not sent any.
    public func document(of job: Int64, in region: String) throws -> RunDocument? {
        try look { try Self.document(of: job, in: region, $0) }
    }

    /// Keeps the document that a run sends in a region, unless another worker kept one before.
    public func keep(_ document: RunDocument, of job: Int64, in region: String) throws -> RunDocument {
        try write { database in
            if let known = try Self.document(of: job, in: region, database) { return known }
            try database.run(
                "INSERT INTO run_documents (job_row_id, region, version, hash, agent_version) VALUES (?, ?, ?, ?, ?)",
                [job, region, document.version, document.hash, document.agentVersion])
            return document
        }
    }

    private static func document(
        of job: Int64, in region: String, _ database: any SQLConnection
    ) throws -> RunDocument? {
        let sql = "SELECT version, hash, agent_version FROM run_documents WHERE job_row_id = ? AND region = ?"
        return try database.one(sql, [job, region]).map {
            try RunDocument(version: $0[0], hash: $0[1], agentVersion: $0[2])
        }
    }

    /// The last run of the schedule that was left out; nil when none was, and when one completed since.
    public func lastSkippedRun() throws -> (dueAt: String, reason: String)? {
        try look { database in
            let sql = """
                SELECT due_at, reason FROM skipped_runs
                WHERE due_at > COALESCE((SELECT MAX(ended_at) FROM jobs WHERE state = 'completed'), '')
                ORDER BY row_id DESC LIMIT 1
                """
            return try database.one(sql).map { try ($0[0], $0[1]) }
        }
    }

    /// When the last run that completed ended; nil when none did.
    public func lastCompletedRun() throws -> String? {
        try look { try $0.value("SELECT MAX(ended_at) FROM jobs WHERE state = 'completed'") as String? }
    }
}
