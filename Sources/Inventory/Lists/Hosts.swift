import Report

extension List {
    /// Every host that reported. Columns with `fact` come from its reports.
    public static let hosts = List(
        "hosts", item: "Host", hasSearch: true, whenEmpty: "No such host has reported.",
        filters: [
            Filter("host", kind: .host, "A host's id, or its name where no host has that id."),
            Filter("tag", kind: .tag, "A tag of the host, set by hand or in EC2: KEY, or KEY=VALUE."),
            Filter("account_tag", kind: .accountTag, "A tag of the account: KEY, or KEY=VALUE."),
        ],
        fields: [
            Field("id", "The host's id: the EC2 instance id, or the machine id, or name: and the host name.").unfiltered
                .cell("ID", .cutEnd, rank: 1),
            Field("hostname", optional: true, "The host name.").sorted.cell("HOST", .cutEnd),
            Field("account_id", optional: true, "The AWS account.").filtered(as: "account").indexed,
            Field("region", optional: true, "The AWS region.").indexed,
            Field("instance_id", optional: true, "The EC2 instance id.").indexed,
            Field("machine_id", optional: true, "The machine id.").indexed,
            Field("os", optional: true, "The name of the distribution.").unfiltered.fact { Value($0.host.os?.name) }
                .cell("SYSTEM", .cutEnd, rank: 2),
            Field("os_id", optional: true, "The distribution's id, such as debian or amzn.").filtered(as: "os")
                .fact { Value($0.host.os?.id) },
            Field("os_version", optional: true, "The distribution's version.").fact { Value($0.host.os?.version) },
            Field("kernel", optional: true, "The kernel release.").fact { Value($0.host.kernel) },
            Field("architecture", optional: true, "The architecture, such as x86_64.")
                .fact { Value($0.host.architecture) },
            Field("cpus", .integer, optional: true, "Online processors.").fact { Value($0.host.cpus) },
            Field("memory_bytes", .bytes, optional: true, "Memory, in bytes.").fact { Value($0.host.memoryBytes) },
            Field("databases", .integer, "Databases that were there when the host was last seen.").unfiltered
                .cell("DATABASES", right: true, rank: 3),
            Field("scan_status", "complete or partial, of the last scan.").filtered(only: ["complete", "partial"])
                .fact { Value($0.scan.status.rawValue) }.cell("SCAN", rank: 4),
            Field("agent_version", "The version of the agent that reported last.")
                .fact { Value($0.agent.version) },
            Field("first_seen", .time, "When a scan first saw it.")
                .filtered("When a scan first saw it: >=2026-11-01, or >=7d for days ago.").sorted,
            Field("last_seen", .time, "When a scan last saw it.")
                .filtered("When a scan last saw it: <2026-11-01, or <7d for days ago.").sorted
                .cell("LAST SEEN", rank: 5),
            Field("sender", optional: true, "The token that sends its reports; null for the command line alone.")
                .indexed,
            Field("retired_at", .time, optional: true, "When an operator retired it.")
                .filtered(by: .isSet, as: "retired", "true for retired hosts, false for the others."),
            Field("name", optional: true, "The instance's tag Name."),
            Field("account_name", optional: true, "The name of the account in Organizations."),
            Field("account_email", optional: true, "The address of the account's owner."),
            Field("organizational_unit", optional: true, "The names of the units above the account."),
            Field("instance_state", optional: true, "EC2's state, such as running."),
            Field("instance_type", optional: true, "The instance type."),
            Field("availability_zone", optional: true, "The availability zone."),
            Field("image_id", optional: true, "The AMI."),
            Field("vpc_id", optional: true, "The VPC."),
            Field("private_address", optional: true, "The private address."),
            Field("launched_at", .time, optional: true, "When the instance was launched.").unfiltered,
            Field("reason", optional: true, "How the last run of discovery ended for it."),
        ])

    /// AWS accounts: those of the organisation, and those whose hosts reported.
    public static let accounts = List(
        "accounts", item: "Account", whenEmpty: "No account is known.", filters: nil,
        fields: [
            Field("id", "The account's id: twelve digits.").cell("ACCOUNT"),
            Field("name", optional: true, "Its name in Organizations.").cell("NAME", .cutEnd),
            Field("email", optional: true, "The address of its owner."),
            Field("state", optional: true, "ACTIVE, SUSPENDED, …, as Organizations has it."),
            Field("organizational_unit", optional: true, "The names of the units above it.").cell(
                "UNIT", .cutEnd, drop: 1),
            Field("tags", optional: true, "Its tags, as KEY=VALUE separated by commas."),
            Field("hosts", .integer, "Its hosts that reported.").cell("HOSTS", right: true),
            Field("databases", .integer, "Its databases that are there.").cell("DATABASES", right: true),
            Field("stopped", .integer, "Those of them that are stopped.").cell("STOPPED", right: true),
            Field("missing", .integer, "Its databases that are missing.").cell("MISSING", right: true),
            Field("first_seen", .time, optional: true, "When one of its hosts was first seen; null for never."),
            Field("last_seen", .time, optional: true, "When one of its hosts was last seen.").cell("LAST SEEN"),
        ])

    /// Databases that share an identity: members of one cluster, or copies of one another.
    public static let clusters = List(
        "clusters", item: "Cluster", whenEmpty: "No database has an identity that others could share.", filters: nil,
        fields: [
            Field("id", "The engine, what its members share, the value, and @ with the account.").cell(
                "CLUSTER", .cutEnd),
            Field("engine", "The engine."),
            Field("databases", .integer, "Its databases that are there.").cell("DATABASES", right: true),
            Field("stopped", .integer, "Those of them that are stopped.").cell("STOPPED", drop: 1, right: true),
            Field("missing", .integer, "Its databases that are missing.").cell("MISSING", right: true),
            Field("hosts", .integer, "Hosts that they are on.").cell("HOSTS", right: true),
            Field("roles", optional: true, "Their roles, separated by commas.").cell("ROLES", .cutEnd),
            Field("versions", optional: true, "Their versions, separated by commas.").cell("VERSIONS", .cutEnd),
        ])

    /// The sizes of one database, the first one first.
    public static let sizes = List(
        "sizes", item: "Size", whenEmpty: "No size was measured.", filters: nil,
        fields: [
            Field("at", .time, "When it was measured.").cell("AT"),
            Field("bytes", .bytes, optional: true, "All its directories, in bytes; null when they were not measured.")
                .cell("SIZE", right: true),
            Field("bytes_complete", .flag, optional: true, "Whether everything was counted."),
        ])
}
