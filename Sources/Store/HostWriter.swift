import GRDB
import Report

/// A host's row as far as a new report touches it.
struct KnownHost {
    var rowID: Int64
    var id: String
    var lastSeen: String
    /// When the scan of the last report began, by the host's own clock.
    var lastStarted: String?
    var hostname: String?
    var accountID: String?
    var region: String?
    var instanceID: String?
    var machineID: String?
    /// The token whose reports these are; nil where only the command line's came.
    var sender: String?
    /// An operator said that it is gone.
    var isRetired = false
    /// A report of this host and of the very time that was asked for is stored.
    var hasReport = false
    /// Another row, without an instance, has the same machine id.
    var hasTwin = false

    private static let select = """
        SELECT row_id, id, last_seen, hostname, account_id, region, instance_id, machine_id, last_started_at,
            EXISTS (SELECT 1 FROM reports r WHERE r.host_row_id = hosts.row_id AND r.started_at = ?),
            EXISTS (SELECT 1 FROM hosts o WHERE o.machine_id = hosts.machine_id AND o.instance_id IS NULL),
            sender, retired_at IS NOT NULL
        FROM hosts\u{20}
        """

    private init(_ row: Row) {
        rowID = row[0]
        id = row[1]
        lastSeen = row[2]
        hostname = row[3]
        accountID = row[4]
        region = row[5]
        instanceID = row[6]
        machineID = row[7]
        lastStarted = row[8]
        hasReport = row[9]
        hasTwin = instanceID != nil && row[10]
        sender = row[11]
        isRetired = row[12]
    }

    fileprivate init(rowID: Int64, id: String, lastSeen: String) {
        self.rowID = rowID
        self.id = id
        self.lastSeen = lastSeen
    }

    /// Every host that has the machine id: machines cloned from one image share it.
    static func all(machine: String, startedAt: String, _ database: Database) throws -> [KnownHost] {
        try all("WHERE machine_id = ?", machine, startedAt, database)
    }

    /// The host of a row; nil when it is gone.
    static func all(row: Int64, _ database: Database) throws -> KnownHost? {
        let statement = try database.cachedStatement(sql: select + "WHERE row_id = ?")
        return try Row.fetchOne(statement, arguments: ["", row]).map(KnownHost.init)
    }

    private static func all(
        _ condition: String, _ value: String, _ startedAt: String, _ database: Database
    ) throws -> [KnownHost] {
        let statement = try database.cachedStatement(sql: select + condition)
        return try Array(Row.fetchCursor(statement, arguments: [startedAt, value]).map(KnownHost.init))
    }

    /// The host's row: by instance id; else the one row with the machine id, unless either side names another instance.
    ///
    /// A machine id is no secret: a row that is known by it alone, or that only shares it, is this host's when it has the same sender.
    static func find(_ incoming: IncomingReport, _ database: Database) throws -> KnownHost? {
        let identity = incoming.identity
        func first(_ condition: String, _ value: String) throws -> KnownHost? {
            try all(condition, value, incoming.startedAt, database).first
        }
        if let instance = identity.instanceID, let host = try first("WHERE instance_id = ?", instance) { return host }
        guard let machine = identity.machineID else {
            let condition = "WHERE id = ? AND instance_id IS NULL AND machine_id IS NULL"
            return try identity.instanceID == nil ? first(condition, identity.id) : nil
        }
        let hosts = try all(machine: machine, startedAt: incoming.startedAt, database)
        if let unnamed = hosts.first(where: { $0.instanceID == nil }) {
            // To take an instance id changes what the row is: that is for its own sender alone.
            return identity.instanceID == nil || unnamed.isSame(sender: incoming) ? unnamed : nil
        }
        return identity.instanceID == nil && hosts.count == 1 && hosts[0].isOf(incoming) ? hosts[0] : nil
    }

    /// Whether the sender of `incoming` may report for this host.
    func isOf(_ incoming: IncomingReport) -> Bool {
        sender == nil || sender == incoming.source || incoming.source == IncomingReport.commandLine
            || incoming.bounds.takesOver
    }

    /// Whether the host's reports came from the sender of `incoming`, or an operator says that it may be taken for it.
    func isSame(sender incoming: IncomingReport) -> Bool {
        (sender ?? IncomingReport.commandLine) == incoming.source || incoming.source == IncomingReport.commandLine
            || incoming.bounds.takesOver
    }
}

/// Writes the row of a report's host, and its account's.
struct HostWriter {
    let ingestion: Ingestion
    let known: KnownHost?

    /// The host as it is now.
    func write() throws -> KnownHost {
        let identity = ingestion.incoming.identity
        let host = ingestion.report.host
        // What one report cannot tell, an earlier one told: an agent without root sees no account.
        var now = known ?? KnownHost(rowID: 0, id: identity.id, lastSeen: ingestion.seen)
        now.lastSeen = ingestion.seen
        now.hostname = host.hostname ?? now.hostname
        now.accountID = account ?? now.accountID
        now.region = host.cloud?.region ?? now.region
        now.machineID = identity.machineID ?? now.machineID
        now.instanceID = identity.instanceID ?? now.instanceID
        now.id = identity.instanceID ?? now.id
        if ingestion.incoming.source != IncomingReport.commandLine { now.sender = ingestion.incoming.source }
        now.isRetired = false
        try writeAccount()
        if let known {
            if !known.isNamed(as: now) { try rename(now) }
            try recordEvents(known, now)
        } else {
            try insert(now)
            now.rowID = ingestion.database.lastInsertedRowID
            try now.removeAlias(ingestion.database)
        }
        try writeFacts(now)
        return now
    }

    private var account: String? { ingestion.report.host.cloud?.validAccountID }

    private func recordEvents(_ known: KnownHost, _ now: KnownHost) throws {
        func record(_ event: HostEvent, _ before: String?, _ after: String?) throws {
            guard let before, before != after else { return }
            try ingestion.database.record(
                event, of: now.id, before: before, after: after, source: ingestion.incoming.source,
                at: ingestion.received)
        }
        try record(.senderChanged, known.sender, now.sender)
        try record(.accountChanged, known.accountID, now.accountID)
        try record(.identityChanged, known.id, now.id)
        try record(.identityChanged, known.machineID, now.machineID)
        if known.isRetired { try record(.returned, "retired", "reporting") }
    }

    private func execute(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
        try ingestion.database.run(sql, values)
    }

    private func writeAccount() throws {
        guard let account else { return }
        try execute(
            """
            INSERT INTO accounts (id, first_seen, last_seen) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET first_seen = MIN(first_seen, excluded.first_seen),
                last_seen = MAX(last_seen, excluded.last_seen)
            WHERE excluded.last_seen > accounts.last_seen OR excluded.first_seen < accounts.first_seen
            """, [account, ingestion.seen, ingestion.seen])
    }

    private func insert(_ host: KnownHost) throws {
        try execute(
            """
            INSERT INTO hosts (id, hostname, account_id, region, instance_id, machine_id, first_seen, last_seen,
                agent_version, scan_status, sender)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)
            """,
            [
                host.id, host.hostname, host.accountID, host.region, host.instanceID, host.machineID, host.lastSeen,
                host.lastSeen, ingestion.report.scan.status.rawValue, host.sender,
            ])
    }

    private func rename(_ host: KnownHost) throws {
        try execute(
            """
            UPDATE hosts SET id = ?, hostname = ?, account_id = ?, region = ?, instance_id = ?, machine_id = ?
            WHERE row_id = ?
            """,
            [host.id, host.hostname, host.accountID, host.region, host.instanceID, host.machineID, host.rowID])
        if let former = known?.id, former != host.id { try host.addAlias(former, ingestion.database) }
        try execute(
            "UPDATE databases SET host_id = ?, hostname = ?, account_id = ?, region = ? WHERE host_row_id = ?",
            [host.id, host.hostname, host.accountID, host.region, host.rowID])
    }

    private func writeFacts(_ now: KnownHost) throws {
        let report = ingestion.report
        let host = report.host
        try execute(
            """
            UPDATE hosts SET os = COALESCE(?, os), os_id = COALESCE(?, os_id), os_version = COALESCE(?, os_version),
                kernel = COALESCE(?, kernel), architecture = COALESCE(?, architecture), cpus = COALESCE(?, cpus),
                memory_bytes = COALESCE(?, memory_bytes), agent_version = ?, scan_status = ?, last_seen = ?,
                last_started_at = ?, sender = ?, retired_at = NULL
            WHERE row_id = ?
            """,
            [
                host.os?.name, host.os?.id, host.os?.version, host.kernel, host.architecture, host.cpus,
                host.memoryBytes, report.agent.version, report.scan.status.rawValue, now.lastSeen,
                ingestion.incoming.startedAt, now.sender, now.rowID,
            ])
        guard known.map({ !$0.isNamed(as: now) }) ?? true else { return }
        try SearchText.replace(
            known.map(SearchText.of), SearchText.of(now), in: "search_hosts", now.rowID, ingestion.database)
    }
}

extension Report.Cloud {
    /// AWS's account: twelve digits, or it is none.
    var validAccountID: String? {
        accountID.flatMap { id in
            id.utf8.count == 12 && id.utf8.allSatisfy { (0x30...0x39).contains($0) } ? id : nil
        }
    }
}

extension Database {
    /// Runs a statement that is prepared once a connection.
    func run(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
        let statement = try cachedStatement(sql: sql)
        // The SQL and its values stand side by side in this target: that they fit needs no check at every row.
        statement.setUncheckedArguments(StatementArguments(values))
        try statement.execute()
    }
}

extension KnownHost {
    /// Whether nothing that is repeated elsewhere changed.
    func isNamed(as other: KnownHost) -> Bool {
        id == other.id && hostname == other.hostname && accountID == other.accountID && region == other.region
            && instanceID == other.instanceID && machineID == other.machineID
    }
}
