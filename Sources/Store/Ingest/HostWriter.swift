import Inventory
import SQL

/// Writes the row of a report's host, and its account's.
struct HostWriter {
    let ingestion: Ingestion
    let host: ObservedHost
    let known: KnownHost?

    /// The host as it is now.
    func write() throws -> KnownHost {
        let before = known ?? KnownHost(rowID: 0, id: host.identity.id, lastSeen: ingestion.seen)
        var now = before.merged(with: host, ingestion)
        if let account = host.accountID { try ingestion.census.see(account, at: ingestion.seen) }
        if let known {
            if !known.isNamed(as: now) { try rename(now) }
            try recordEvents(known, now)
        } else {
            now.rowID = try insert(now)
            try now.removeAlias(ingestion.database)
        }
        try writeFacts(now)
        return now
    }

    private func recordEvents(_ known: KnownHost, _ now: KnownHost) throws {
        func record(_ event: HostEvent, _ before: String?, _ after: String?) throws {
            guard let before, before != after else { return }
            try ingestion.database.record(
                event, of: now.id, before: before, after: after, source: ingestion.observation.sender,
                at: ingestion.received)
        }
        try record(.senderChanged, known.sender, now.sender)
        try record(.accountChanged, known.accountID, now.accountID)
        try record(.identityChanged, known.id, now.id)
        try record(.identityChanged, known.machineID, now.machineID)
        if known.isRetired { try record(.returned, "retired", "reporting") }
    }

    private func execute(_ sql: String, _ values: SQLValues) throws {
        try ingestion.database.post(sql, values)
    }

    private func insert(_ host: KnownHost) throws -> Int64 {
        try ingestion.database.insert(
            """
            INSERT INTO hosts (id, hostname, account_id, region, instance_id, machine_id, first_seen, last_seen,
                agent_version, scan_status, sender)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)
            """,
            [
                host.id, host.hostname, host.accountID, host.region, host.instanceID, host.machineID, host.lastSeen,
                host.lastSeen, scanStatus, host.sender,
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
            "UPDATE databases SET place_id = ?, hostname = ?, account_id = ?, region = ? WHERE place = ?",
            [host.id, host.hostname, host.accountID, host.region, host.rowID])
    }

    private var scanStatus: String {
        ingestion.catalog.hosts.factNames.firstIndex(of: "scan_status").flatMap { host.facts[$0].text } ?? ""
    }

    /// Writes what the report says of the host; what it does not know stays as it was.
    private func writeFacts(_ now: KnownHost) throws {
        try execute(
            ingestion.hostFacts,
            host.facts.map(\.argument) + [
                now.lastSeen, ingestion.observation.started, now.sender, ingestion.observation.digest, now.rowID,
            ])
        guard known.map({ !$0.isNamed(as: now) }) ?? true else { return }
        try SearchText.replace(
            known.map(SearchText.of), SearchText.of(now), host: now.rowID, ingestion.database)
    }
}
