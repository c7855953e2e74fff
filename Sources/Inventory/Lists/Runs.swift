extension List {
    /// Runs of discovery, the last one first.
    public static let jobs = List(
        "jobs", item: "Job", order: "-added", whenEmpty: "There was no run of discovery. Begin one with `scan`.",
        fields: [
            Field("id", "Its id, which goes through logs, session names and the comments of commands.").cell("JOB"),
            Field("state", "queued, running, stopping, completed, halted, cancelled or failed.")
                .filtered(only: JobState.allCases.map(\.rawValue)).indexed.cell("STATE"),
            Field("stage", "planning, canary or rest: which hosts it may ask."),
            Field("origin", "What asked for it: schedule, api or cli."),
            Field("requested_by", "Who asked: a token's id, a user, or schedule.").cell("BY", .cutEnd, drop: 2),
            Field("created_at", .time, "When it was asked for.").filtered("When it was asked for: >=2026-11-01.").sorted
                .cell("CREATED", drop: 3),
            Field("started_at", .time, optional: true, "When it began.").unfiltered,
            Field("ended_at", .time, optional: true, "When it ended.").unfiltered.cell("ENDED", drop: 1),
            Field("hosts", .integer, "Instances that it found.").unfiltered.cell("HOSTS", right: true),
            Field("hosts_done", .integer, "Those that have their reason.").unfiltered,
            Field("answered", .integer, "Hosts that reported.").unfiltered.cell("ANSWERED", right: true),
            Field("failures", .integer, "Hosts that were asked, or should have been, and did not report.").unfiltered
                .cell("FAILED", right: true),
            Field("databases", .integer, "Databases in the reports.").unfiltered.cell("DATABASES", right: true),
            Field("code", optional: true, "Why it was halted or failed, for programs."),
            Field("detail", optional: true, "The same, for people.").unfiltered.cell("WHY", .cutEnd),
            Field("document", "The document that it runs: name, version and hash.").unfiltered,
            Field("traceparent", optional: true, "The W3C trace that asked for it.").unfiltered,
        ])

    /// The accounts and regions of runs.
    public static let tasks = List(
        "tasks", item: "Task", whenEmpty: "The run has no task.",
        filters: [Filter("job_id", kind: .job, "A run's id.")],
        fields: [
            Field("job_id", "The run.").unfiltered,
            Field("account_id", "The account; * for the task that finds the accounts.").filtered(as: "account")
                .cell("ACCOUNT"),
            Field("region", "The region; * for the task that finds the account's regions.").cell("REGION"),
            Field("state", "queued, running, done, or dead when it was given up.")
                .filtered(only: ["queued", "running", "done", "dead"]).cell("STATE"),
            Field("phase", "accounts, regions, list or send: what it does, or did last.").cell("PHASE", drop: 2),
            Field(
                "code", optional: true,
                "How it ended: " + ScopeCode.allCases.map(\.rawValue).joined(separator: ", ") + "."
            )
            .cell("CODE"),
            Field("detail", optional: true, "Why.").unfiltered.cell("DETAIL", .cutEnd, rank: 1),
            Field("remedy", optional: true, "What to do about it.").unfiltered.cell(
                "WHAT TO DO", .cutEnd, drop: 1, rank: 2),
            Field("hosts", .integer, optional: true, "Instances that it found; null before they are listed.").unfiltered
                .cell("HOSTS", right: true),
            Field("attempts", .integer, "How often a worker took it.").unfiltered,
            Field("failures", .integer, "How often it failed in a row.").unfiltered,
            Field("due_at", .time, "When it may be worked on.").unfiltered,
            Field("started_at", .time, optional: true, "When a worker first took it.").unfiltered,
            Field("ended_at", .time, optional: true, "When it ended.").unfiltered,
        ])

    /// What became of each host of a run.
    public static let results = List(
        "results", item: "Result", whenEmpty: "The run found no host.",
        filters: [Filter("job_id", kind: .job, "A run's id.")],
        fields: [
            Field("job_id", "The run.").unfiltered,
            Field("instance_id", "The instance.").filtered(as: "instance").indexed.cell("INSTANCE"),
            Field("account_id", "The account.").filtered(as: "account").cell("ACCOUNT"),
            Field("region", "The region.").cell("REGION"),
            Field("reason", optional: true, "How it ended; null while it is open: " + reasons)
                .filtered(only: Reason.allCases.map(\.rawValue)).cell("REASON"),
            Field("detail", optional: true, "More about the reason.").cell("DETAIL", .cutEnd),
            Field("remedy", optional: true, "What to do about it.").unfiltered.cell(
                "WHAT TO DO", .cutEnd, drop: 1, rank: 2),
            Field("attempt", .integer, "How often it was asked.").unfiltered,
            Field("is_canary", .flag, "Whether it was in the canary.").unfiltered,
            Field("started_at", .time, optional: true, "When AWS took the command.").unfiltered,
            Field("ended_at", .time, optional: true, "When it ended.").unfiltered,
            Field("duration_ms", .integer, optional: true, "Milliseconds between both.").unfiltered,
            Field("databases", .integer, optional: true, "Databases in its report.").unfiltered
                .cell("DATABASES", right: true, rank: 1),
            Field("report_id", .integer, optional: true, "The number of its report.").unfiltered,
        ])

    private static let reasons = Reason.allCases.map(\.rawValue).joined(separator: ", ") + "."

    /// Every instance that EC2 or SSM listed, also those that cannot be asked.
    public static let instances = List(
        "instances", item: "Instance", whenEmpty: "No instance was listed. Begin a run with `scan`.",
        filters: [
            Filter("tag", kind: .tag, "A tag of EC2, or one of the host: KEY, or KEY=VALUE."),
            Filter("account_tag", kind: .accountTag, "A tag of the account: KEY, or KEY=VALUE."),
        ],
        fields: [
            Field("id", "The instance's id, or the node's.").indexed.cell("INSTANCE"),
            Field("name", optional: true, "The tag Name, or the node's name.").sorted.cell("NAME", .cutEnd),
            Field("account_id", "The account.").filtered(as: "account").indexed.cell("ACCOUNT"),
            Field("account_name", optional: true, "The account's name.").cell("ACCOUNT NAME", .cutEnd, drop: 2),
            Field("organizational_unit", optional: true, "The names of the units above the account."),
            Field("region", "The region.").cell("REGION"),
            Field("reason", optional: true, "How the last run that covered it ended for it: " + reasons)
                .filtered(only: Reason.allCases.map(\.rawValue)).indexed.cell("REASON"),
            Field("detail", optional: true, "More about the reason.").cell("DETAIL", .cutEnd),
            Field("remedy", optional: true, "What to do about it.").unfiltered.cell(
                "WHAT TO DO", .cutEnd, drop: 1, rank: 1),
            Field("reason_at", .time, optional: true, "When it ended.").unfiltered,
            Field("job_id", optional: true, "The run.").unfiltered,
            Field("answered_at", .time, optional: true, "When it last reported.").unfiltered,
            Field("state", "EC2's state, such as running.").cell("STATE", drop: 3),
            Field("instance_type", optional: true, "The instance type."),
            Field("availability_zone", optional: true, "The availability zone."),
            Field("image_id", optional: true, "The AMI."),
            Field("vpc_id", optional: true, "The VPC."),
            Field("private_address", optional: true, "The private address."),
            Field("launched_at", .time, optional: true, "When it was launched.").unfiltered,
            Field("platform", optional: true, "The platform, as SSM or EC2 names it."),
            Field("architecture", optional: true, "The architecture, as EC2 names it."),
            Field("ssm_status", optional: true, "Online, ConnectionLost or Inactive; null when SSM does not know it."),
            Field("ssm_agent_version", optional: true, "The version of its SSM agent."),
            Field("first_listed", .time, "When a run first listed it.").unfiltered,
            Field("last_listed", .time, "When a run last listed it.").unfiltered,
            Field("terminated_at", .time, optional: true, "When it was found to be gone.")
                .filtered(by: .isSet, as: "terminated", "true for instances that are gone, false for the others."),
        ])

    /// A database as one report has it: the columns of `databases` that reports fill.
    static func reportDatabases(_ databases: List) -> List {
        let own = ["key", "bytes", "bytes_complete"]
        return List(
            "report-databases", item: "ReportDatabase", whenEmpty: "The report has no database.", filters: nil,
            fields: databases.fields.filter { $0.observed != nil || own.contains($0.name) })
    }
}
