import SQL

extension Migration {
    /// 0005: discovery: runs, their queue, what became of each instance, and what EC2 and Organizations know.
    static let discovery = Migration(
        name: "0005 discovery",
        sql: """
            -- What AWS says of the host of a report, as JSON: the host cannot change it.
            ALTER TABLE reports ADD COLUMN voucher TEXT;
            ALTER TABLE dead_letters ADD COLUMN voucher TEXT;

            -- Runs of discovery.
            CREATE TABLE jobs (
                row_id INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                state TEXT NOT NULL,
                stage TEXT NOT NULL,
                stop TEXT,
                origin TEXT NOT NULL,
                requested_by TEXT NOT NULL,
                request TEXT NOT NULL,
                settings TEXT NOT NULL,
                document TEXT NOT NULL,
                traceparent TEXT,
                idempotency_key TEXT,
                created_at TEXT NOT NULL,
                started_at TEXT,
                ended_at TEXT,
                code TEXT,
                detail TEXT,
                hosts INTEGER NOT NULL DEFAULT 0,
                hosts_done INTEGER NOT NULL DEFAULT 0,
                answered INTEGER NOT NULL DEFAULT 0,
                failures INTEGER NOT NULL DEFAULT 0,
                started INTEGER NOT NULL DEFAULT 0,
                own_faults INTEGER NOT NULL DEFAULT 0,
                databases INTEGER NOT NULL DEFAULT 0,
                UNIQUE (requested_by, idempotency_key)
            );
            CREATE INDEX jobs_by_state ON jobs (state);
            CREATE INDEX jobs_by_time ON jobs (created_at);

            -- An account and a region of a run; the region * finds the account's regions, the account * the accounts.
            CREATE TABLE tasks (
                row_id INTEGER PRIMARY KEY,
                job_row_id INTEGER NOT NULL REFERENCES jobs (row_id),
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                state TEXT NOT NULL,
                phase TEXT NOT NULL,
                code TEXT,
                detail TEXT,
                attempts INTEGER NOT NULL DEFAULT 0,
                failures INTEGER NOT NULL DEFAULT 0,
                due_at TEXT NOT NULL,
                lease_owner TEXT,
                lease_until TEXT,
                fence INTEGER NOT NULL DEFAULT 0,
                hosts INTEGER,
                started_at TEXT,
                ended_at TEXT,
                UNIQUE (job_row_id, account_id, region)
            );
            CREATE INDEX tasks_by_state ON tasks (state, due_at);
            CREATE INDEX tasks_by_job ON tasks (job_row_id);
            CREATE INDEX tasks_by_scope ON tasks (account_id, region, state);

            -- Up to 50 hosts of a task, and the command that was sent to them. The comment finds a lost command.
            CREATE TABLE batches (
                row_id INTEGER PRIMARY KEY,
                task_row_id INTEGER NOT NULL REFERENCES tasks (row_id),
                comment TEXT NOT NULL UNIQUE,
                state TEXT NOT NULL,
                architecture TEXT NOT NULL,
                fetches INTEGER NOT NULL,
                command_id TEXT,
                sending_at TEXT,
                sent_at TEXT,
                ended_at TEXT
            );
            CREATE INDEX batches_by_task ON batches (task_row_id, state);

            -- What became of each host of a run.
            CREATE TABLE results (
                row_id INTEGER PRIMARY KEY,
                job_row_id INTEGER NOT NULL REFERENCES jobs (row_id),
                task_row_id INTEGER NOT NULL REFERENCES tasks (row_id),
                batch_row_id INTEGER REFERENCES batches (row_id),
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                instance_id TEXT NOT NULL,
                architecture TEXT NOT NULL,
                windows TEXT NOT NULL,
                is_canary INTEGER NOT NULL DEFAULT 0,
                fetches INTEGER NOT NULL,
                batch_limit INTEGER NOT NULL,
                attempt INTEGER NOT NULL DEFAULT 0,
                reason TEXT,
                detail TEXT,
                started_at TEXT,
                ended_at TEXT,
                duration_ms INTEGER,
                report_row_id INTEGER,
                databases INTEGER,
                UNIQUE (job_row_id, instance_id)
            );
            CREATE INDEX results_by_job ON results (job_row_id);
            CREATE INDEX results_by_task ON results (task_row_id, reason);
            CREATE INDEX results_by_batch ON results (batch_row_id) WHERE batch_row_id IS NOT NULL;
            CREATE INDEX results_by_reason ON results (job_row_id, reason);
            CREATE INDEX results_by_instance ON results (instance_id);

            -- How many hosts of a run had which reason: kept when the rows of its hosts are not.
            CREATE TABLE coverage_history (
                job_row_id INTEGER NOT NULL REFERENCES jobs (row_id),
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                reason TEXT NOT NULL,
                hosts INTEGER NOT NULL,
                PRIMARY KEY (job_row_id, account_id, region, reason)
            ) WITHOUT ROWID;

            -- How the last look at each account and region ended.
            CREATE TABLE scopes (
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                code TEXT NOT NULL,
                detail TEXT,
                checked_at TEXT NOT NULL,
                listed_at TEXT,
                job_row_id INTEGER NOT NULL,
                PRIMARY KEY (account_id, region)
            ) WITHOUT ROWID;

            -- Instances as EC2 lists them, managed nodes as SSM does, and how the last run ended for each.
            CREATE TABLE instances (
                row_id INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                name TEXT,
                state TEXT NOT NULL,
                instance_type TEXT,
                availability_zone TEXT,
                image_id TEXT,
                vpc_id TEXT,
                private_address TEXT,
                launched_at TEXT,
                platform TEXT,
                architecture TEXT,
                ssm_status TEXT,
                ssm_agent_version TEXT,
                reason TEXT,
                detail TEXT,
                reason_at TEXT,
                job_row_id INTEGER,
                answered_at TEXT,
                document TEXT,
                first_listed TEXT NOT NULL,
                last_listed TEXT NOT NULL,
                terminated_at TEXT
            );
            CREATE INDEX instances_by_scope ON instances (account_id, region, last_listed);
            CREATE INDEX instances_by_reason ON instances (reason);
            CREATE INDEX instances_by_name ON instances (name);
            CREATE TABLE instance_tags (
                instance_row_id INTEGER NOT NULL REFERENCES instances (row_id),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (instance_row_id, key)
            ) WITHOUT ROWID;
            CREATE INDEX instance_tags_by_key ON instance_tags (key, value);

            -- What Organizations knows of accounts, also of those whose hosts never reported.
            CREATE TABLE organization_accounts (
                id TEXT NOT NULL PRIMARY KEY,
                name TEXT,
                email TEXT,
                state TEXT,
                organizational_unit TEXT,
                listed_at TEXT NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE account_tags (
                account_id TEXT NOT NULL,
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (account_id, key)
            ) WITHOUT ROWID;

            -- Documents that a canary ran without a failure.
            CREATE TABLE proven_documents (
                document TEXT NOT NULL PRIMARY KEY,
                proven_at TEXT NOT NULL,
                job_row_id INTEGER NOT NULL
            ) WITHOUT ROWID;

            -- Runs of the schedule that were left out.
            CREATE TABLE skipped_runs (
                row_id INTEGER PRIMARY KEY,
                due_at TEXT NOT NULL,
                reason TEXT NOT NULL
            );
            """)
}
