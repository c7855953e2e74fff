import Fleet
import Inventory

extension Setting where Root == Configuration {
    /// The settings of discovery.
    static let discovery: [Setting<Configuration>] = access + scopes + documents + pace

    private static let access: [Setting<Configuration>] = [
        .init(
            "discovery.role_name", \.discovery.settings.roleName, .textOrNone,
            """
            The role that the collector assumes in each account. none uses the caller's own credentials, in the \
            caller's account alone.
            """),
        .init(
            "discovery.external_id", \.discovery.externalID, .optional(.text), secret: true,
            "The external id that the role's trust policy asks for."),
        .init(
            "discovery.external_id_file", \.discovery.externalIDFile, .optional(.text),
            "A file with the external id, instead of discovery.external_id."),
        .init(
            "discovery.tag_sessions", \.discovery.settings.tagsSessions, .flag,
            """
            Whether sessions carry the run and who asked for it as session tags and source identity, which CloudTrail \
            shows. The trust policy must then allow sts:TagSession and sts:SetSourceIdentity.
            """),
        .init(
            "discovery.organization.enabled", \.discovery.settings.organization.isEnabled, .flag,
            "Whether discovery covers the accounts of the AWS organisation."),
        .init(
            "discovery.organization.organizational_units", \.discovery.settings.organization.units,
            .list(of: .text), "Only these organisational units and those below them. Empty means all."),
        .init(
            "discovery.organization.skip_organizational_units", \.discovery.settings.organization.skippedUnits,
            .list(of: .text), "Organisational units that are left out, with those below them."),
        .init(
            "discovery.organization.skip_accounts", \.discovery.settings.organization.skippedAccounts,
            .list(of: .text), "Accounts that are left out."),
        .init(
            "discovery.organization.read_tags", \.discovery.settings.organization.readsTags, .flag,
            "Whether the tags of accounts are read, with one call an account."),
        .init(
            "discovery.accounts", \.discovery.settings.accounts,
            .list(
                of: .record(
                    DiscoverySettings.Account(),
                    [
                        .init("id", \.id, .text, isRequired: true), .init("role_arn", \.roleARN, .optional(.text)),
                        .init("regions", \.regions, .list(of: .text)),
                    ])),
            "Accounts outside the organisation, or accounts with a different role or different regions."),
    ]

    private static let scopes: [Setting<Configuration>] = [
        .init(
            "discovery.regions", \.discovery.settings.regions, .list(of: .text),
            "The regions to scan; * matches any characters. Regions that an account did not enable are skipped."),
        .init(
            "discovery.instances.tags", \.discovery.settings.tags, .map(of: .oneOrMore(of: .text)),
            "Tags that an instance must have, each with one of its values. Others are skipped."),
        .init(
            "discovery.instances.exclude_tags", \.discovery.settings.excludeTags, .map(of: .oneOrMore(of: .text)),
            "Instances with any of these tags are never scanned."),
        .init(
            "discovery.maintenance_windows", \.discovery.settings.maintenanceWindows,
            .list(
                of: .record(
                    DiscoverySettings.MaintenanceWindow(),
                    [
                        .init("cron", \.cron, .text, isRequired: true), .init("time_zone", \.timeZone, .text),
                        .init("duration", \.seconds, .seconds, isRequired: true),
                        .init("accounts", \.accounts, .list(of: .text)), .init("regions", \.regions, .list(of: .text)),
                        .init("tags", \.tags, .map(of: .oneOrMore(of: .text))),
                    ])),
            """
            Times in which no command is sent: to all hosts, or to those with these accounts, regions and tags. They \
            are skipped with the detail maintenance_window.
            """),
    ]

    private static let documents: [Setting<Configuration>] = [
        .init(
            "discovery.document", \.discovery.settings.document.name, .text,
            "The SSM document in the collector's account, which shares it with the other accounts."),
        .init(
            "discovery.document_version", \.discovery.settings.document.version, .text,
            """
            The version of the document that is run: a number for all regions, or $DEFAULT for each region's own \
            default version.
            """),
        .init(
            "discovery.document_hash", \.discovery.settings.document.hash, .optional(.text),
            "The SHA-256 of the document, from `deploy apply`. The collector runs no document with another hash."),
        .init(
            "discovery.previous_document_hash", \.discovery.settings.document.previousHash, .optional(.text),
            """
            While you roll out a new document: the SHA-256 of the previous one, which other regions still run. Only \
            with document_version $DEFAULT.
            """),
        .init(
            "discovery.delivery", \.discovery.settings.agent.delivery, .choice,
            "How hosts get the agent, as the document was made: see docs/operate/ssm-document.md."),
        .init(
            "discovery.agent_bucket", \.discovery.settings.agent.bucket, .optional(.text),
            """
            The bucket with the agents. Runs need it with the delivery presigned. {region} in its name stands for the \
            region of the hosts: a bucket for each region.
            """),
        .init(
            "discovery.agent_prefix", \.discovery.settings.agent.prefix, .text(mayBeEmpty: true),
            "The folder of the agents in the bucket, with a slash at its end."),
        .init(
            "discovery.output_bucket", \.discovery.settings.outputBucket, .optional(.text),
            """
            A bucket to which hosts write their output. Each instance's role needs s3:PutObject, the collector's role \
            s3:GetObject. Without it, the collector reads long outputs with GetCommandInvocation.
            """),
        .init(
            "discovery.output_prefix", \.discovery.settings.outputPrefix, .text,
            "The folder of the outputs in the bucket."),
        .init(
            "discovery.delivery_timeout", \.discovery.settings.deliverySeconds, .seconds(30...172_800),
            "How long a command waits for a host to take it."),
        .init(
            "discovery.command_timeout", \.discovery.settings.commandSeconds, .seconds(60...172_800),
            "The collector cancels a command after this time. Hosts that did not answer end with timed_out."),
    ]

    private static let pace: [Setting<Configuration>] = [
        .init(
            "discovery.schedule.cron", \.discovery.schedule.cron, .optional(.text),
            "When `serve` begins a run: minute, hour, day of the month, month and day of the week. Without it, none."),
        .init(
            "discovery.schedule.time_zone", \.discovery.schedule.timeZone, .text,
            "The time zone of the schedule, such as Europe/Berlin."),
        .init(
            "discovery.schedule.jitter", \.discovery.schedule.jitter, .duration,
            "Delays each run by a random time up to this long."),
        .init(
            "discovery.takes_tasks", \.discovery.takesTasks, .flag,
            """
            Whether `serve` works on runs itself. Set it to false where `work` processes do it: `serve` then only \
            begins them.
            """),
        .init(
            "discovery.concurrency.accounts", \.discovery.settings.concurrency.accounts, .integer(1...1_000),
            "How many accounts and regions each process scans at the same time."),
        .init(
            "discovery.concurrency.batches", \.discovery.settings.concurrency.batches, .integer(1...10_000),
            """
            How many commands run at the same time, with up to 50 hosts each. Accounts take turns, and all processes \
            that work on the store share them.
            """),
        .init(
            "discovery.canary.percent", \.discovery.settings.canary.percent, .integer(0...100),
            """
            The percentage of hosts that get a new document first. The other hosts follow if none of them failed. 0 \
            turns the canary off. Ignored if canary.tags or canary.accounts is set.
            """),
        .init(
            "discovery.canary.tags", \.discovery.settings.canary.tags, .map(of: .oneOrMore(of: .text)),
            "A new document goes first to the hosts with one of these tags."),
        .init(
            "discovery.canary.accounts", \.discovery.settings.canary.accounts, .list(of: .text),
            "A new document goes first to the hosts of these accounts."),
        .init(
            "discovery.stop_at.failures", \.discovery.settings.stopAt.failures, .percent,
            """
            Halts the run when more than this percentage of the hosts on which the document started end with failed, \
            bad_report, truncated or timed_out.
            """),
        .init(
            "discovery.stop_at.at_least", \.discovery.settings.stopAt.atLeast, .integer(1...1_000_000),
            "The run does not halt before at least this many hosts failed."),
    ]
}
