import FoundationEssentials
import GRDB
import Report

/// What became of a report.
public enum IngestOutcome: Sendable, Equatable {
    /// It is the newest of its host and now is the host's current state.
    case stored(hostID: String, databases: Int)
    /// The very same report was stored before.
    case duplicate(hostID: String)
    /// A newer one of the host is stored; this one is kept, and changes nothing.
    case older(hostID: String)
    /// It makes no sense, and is not kept.
    case rejected(reason: String)
}

extension InventoryStore {
    /// How far a host's clock may be ahead: a report from the future would hide every later one.
    public static let clockTolerance: TimeInterval = 24 * 3600

    /// Stores `report` in one transaction.
    ///
    /// - Parameters:
    ///   - json: the bytes that the report was decoded from; they are kept whole, with keys that this program does not know.
    ///   - now: when it was received.
    /// - Throws: `StoreError` when the store cannot write; then nothing of the report is stored.
    public func ingest(_ report: Report, json: [UInt8]? = nil, now: Date = Date()) throws -> IngestOutcome {
        guard let identity = HostIdentity(report.host) else {
            return .rejected(reason: "the host has no instance id, no machine id and no name")
        }
        guard report.scan.startedAt <= now.addingTimeInterval(Self.clockTolerance) else {
            return .rejected(reason: "the scan began in the future, at \(Timestamp.format(report.scan.startedAt))")
        }
        let body = try Gzip.compress(try json ?? report.json(.minified))
        do {
            return try database.write { try Ingestion(report, identity, body, receivedAt: now).run($0) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return .rejected(reason: "it contradicts what is stored: \(error.message ?? "constraint")")
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }
}

/// One report on its way into the tables.
private struct Ingestion {
    let report: Report
    let identity: HostIdentity
    let body: [UInt8]
    let seen: String
    let received: String

    init(_ report: Report, _ identity: HostIdentity, _ body: [UInt8], receivedAt: Date) {
        self.report = report
        self.identity = identity
        self.body = body
        seen = Timestamp.format(report.scan.startedAt)
        received = Timestamp.format(receivedAt)
    }

    func run(_ database: Database) throws -> IngestOutcome {
        let known = try knownHost(database)
        if let known {
            if try isStored(database, hostRow: known.row) { return .duplicate(hostID: known.id) }
            if known.lastSeen >= seen {
                try addReport(database, hostRow: known.row)
                return .older(hostID: known.id)
            }
        }
        try addAccount(database)
        let row = try known.map { try updateHost(database, row: $0.row) } ?? insertHost(database)
        for entry in report.databases { try upsert(entry, hostRow: row, database) }
        if report.scan.status == .complete { try markMissing(database, hostRow: row) }
        try addReport(database, hostRow: row)
        return .stored(
            hostID: identity.instanceID ?? known?.id ?? identity.id, databases: report.databases.count)
    }

    private struct Known {
        var row: Int64
        var id: String
        var lastSeen: String
    }

    /// The host's row: by instance id; else the one row with the machine id, unless either side names another instance.
    private func knownHost(_ database: Database) throws -> Known? {
        func known(_ row: Row) -> Known { Known(row: row["row_id"], id: row["id"], lastSeen: row["last_seen"]) }
        if let instance = identity.instanceID,
            let row = try Row.fetchOne(
                database, sql: "SELECT * FROM hosts WHERE instance_id = ?", arguments: [instance])
        {
            return known(row)
        }
        guard let machine = identity.machineID else {
            let sql = "SELECT * FROM hosts WHERE id = ? AND instance_id IS NULL AND machine_id IS NULL"
            return try identity.instanceID == nil
                ? Row.fetchOne(database, sql: sql, arguments: [identity.id]).map(known) : nil
        }
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM hosts WHERE machine_id = ?", arguments: [machine])
        let unnamed = rows.first { ($0["instance_id"] as String?) == nil }
        if let unnamed { return known(unnamed) }
        return identity.instanceID == nil && rows.count == 1 ? known(rows[0]) : nil
    }

    private func isStored(_ database: Database, hostRow: Int64) throws -> Bool {
        let canonical = try report.json(.minified)
        let sql = "SELECT body FROM reports WHERE host_row_id = ? AND started_at = ?"
        return try Data.fetchAll(database, sql: sql, arguments: [hostRow, seen]).contains { stored in
            // What came as JSON may pack to more than a frame may hold.
            let json = try Gzip.firstMember(of: Array(stored)[...], compressedLimit: .max)
            return try Report.decode(json: json.bytes).json(.minified) == canonical
        }
    }

    private func addReport(_ database: Database, hostRow: Int64) throws {
        try database.execute(
            sql: "INSERT INTO reports (host_row_id, started_at, received_at, body) VALUES (?, ?, ?, ?)",
            arguments: [hostRow, seen, received, Data(body)])
    }

    private func addAccount(_ database: Database) throws {
        guard let account = report.host.cloud?.accountID else { return }
        try database.execute(
            sql: """
                INSERT INTO accounts (id, first_seen, last_seen) VALUES (?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen
                WHERE excluded.last_seen > accounts.last_seen
                """, arguments: [account, seen, seen])
    }

    private func hostValues() throws -> [String: (any DatabaseValueConvertible)?] {
        let host = report.host
        var values: [String: (any DatabaseValueConvertible)?] = [
            "hostname": host.hostname, "os": host.os?.name, "os_id": host.os?.id, "os_version": host.os?.version,
            "kernel": host.kernel, "architecture": host.architecture, "cpus": host.cpus,
            "memory_bytes": host.memoryBytes, "addresses": try JSONText.encode(host.addresses),
            "agent_version": report.agent.version, "scan_status": report.scan.status.rawValue,
            "problems": try JSONText.encode(report.scan.problems), "last_seen": seen,
        ]
        // What one report cannot tell, an earlier one told: an agent without root sees no account.
        if let machine = identity.machineID { values["machine_id"] = machine }
        if let instance = identity.instanceID {
            values["instance_id"] = instance
            values["id"] = instance
        }
        if let account = host.cloud?.accountID { values["account_id"] = account }
        if let region = host.cloud?.region { values["region"] = region }
        return values
    }

    private func insertHost(_ database: Database) throws -> Int64 {
        var values = try hostValues()
        values["id"] = identity.id
        values["first_seen"] = seen
        let columns = values.keys.sorted()
        let marks = columns.map { ":" + $0 }.joined(separator: ", ")
        try database.execute(
            sql: "INSERT INTO hosts (\(columns.joined(separator: ", "))) VALUES (\(marks))",
            arguments: StatementArguments(values))
        return database.lastInsertedRowID
    }

    private func updateHost(_ database: Database, row: Int64) throws -> Int64 {
        var values = try hostValues()
        let assignments = values.keys.sorted().map { "\($0) = :\($0)" }.joined(separator: ", ")
        values["row_id"] = row
        try database.execute(
            sql: "UPDATE hosts SET \(assignments) WHERE row_id = :row_id", arguments: StatementArguments(values))
        return row
    }

    /// A snapshot or an image has no processes: its report says nothing about servers that run on the host.
    private var hasProcesses: Bool { !report.scan.problems.contains { $0.code == "no_process_table" } }

    private func upsert(_ entry: Report.Database, hostRow: Int64, _ database: Database) throws {
        let listener = entry.listeners.first { $0.purpose == "client" } ?? entry.listeners.first
        let exposures = Set(entry.listeners.map(\.exposure))
        let exposure = [Report.Listener.Exposure.all, .private, .loopback].first(where: exposures.contains)
        let sizes = entry.dataDirectories.compactMap(\.bytes)
        let data = entry.dataDirectories.first { $0.purpose == .data }
        let bytes = sizes.isEmpty ? nil : sizes.reduce(Int64(0)) { $0 > .max - $1 ? .max : $0 + $1 }
        let isComplete = bytes.map { _ in entry.dataDirectories.allSatisfy(\.complete) }
        try database.execute(
            sql: Self.upsert,
            arguments: [
                "host": hostRow, "key": entry.key, "engine": entry.engine, "vendor": entry.vendor,
                "version": entry.version, "precision": entry.versionPrecision?.rawValue,
                "state": entry.state.rawValue, "address": listener?.address, "port": listener.map { Int($0.port) },
                "exposure": exposure?.rawValue, "role": entry.role?.rawValue,
                "directory": data.map { $0.hostPath ?? $0.path }, "bytes": bytes, "bytes_at": bytes.map { _ in seen },
                "bytes_complete": isComplete, "detail": try JSONText.encode(entry), "seen": seen,
                "partial": report.scan.status == .partial, "processes": hasProcesses,
                "unheard": report.scan.status == .partial && entry.state == .running && listener == nil,
            ])
    }

    /// What a partial scan could not learn, and a size that it could not measure whole, do not overwrite what is known.
    private static let upsert = """
        INSERT INTO databases (host_row_id, key, engine, vendor, version, version_precision, state, address, port,
            exposure, role, data_directory, bytes, bytes_at, bytes_complete, detail, first_seen, last_seen)
        VALUES (:host, :key, :engine, :vendor, :version, :precision, :state, :address, :port,
            :exposure, :role, :directory, :bytes, :bytes_at, :bytes_complete, :detail, :seen, :seen)
        ON CONFLICT (host_row_id, key) DO UPDATE SET engine = excluded.engine,
            vendor = CASE WHEN :partial THEN COALESCE(excluded.vendor, databases.vendor) ELSE excluded.vendor END,
            version_precision = CASE WHEN :partial AND excluded.version IS NULL
                THEN databases.version_precision ELSE excluded.version_precision END,
            version = CASE WHEN :partial THEN COALESCE(excluded.version, databases.version) ELSE excluded.version END,
            state = excluded.state,
            address = CASE WHEN :unheard THEN databases.address ELSE excluded.address END,
            port = CASE WHEN :unheard THEN databases.port ELSE excluded.port END,
            exposure = CASE WHEN :unheard THEN databases.exposure ELSE excluded.exposure END,
            role = CASE WHEN :partial THEN COALESCE(excluded.role, databases.role) ELSE excluded.role END,
            data_directory = excluded.data_directory,
            bytes = CASE WHEN excluded.bytes_complete OR NOT COALESCE(databases.bytes_complete, 0)
                THEN COALESCE(excluded.bytes, databases.bytes) ELSE databases.bytes END,
            bytes_at = CASE WHEN excluded.bytes_complete OR NOT COALESCE(databases.bytes_complete, 0)
                THEN COALESCE(excluded.bytes_at, databases.bytes_at) ELSE databases.bytes_at END,
            bytes_complete = CASE WHEN excluded.bytes_complete OR NOT COALESCE(databases.bytes_complete, 0)
                THEN COALESCE(excluded.bytes_complete, databases.bytes_complete) ELSE databases.bytes_complete END,
            detail = excluded.detail, last_seen = excluded.last_seen, missing_since = NULL
        WHERE :processes OR databases.state <> 'running' OR databases.missing_since IS NOT NULL
        """

    /// Only a complete scan can tell that something is gone; and gone is a state, never a deletion.
    private func markMissing(_ database: Database, hostRow: Int64) throws {
        try database.execute(
            sql: """
                UPDATE databases SET missing_since = ?
                WHERE host_row_id = ? AND last_seen < ? AND missing_since IS NULL
                """, arguments: [seen, hostRow, seen])
    }
}
