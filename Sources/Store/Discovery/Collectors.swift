import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Seconds after which a process that said nothing counts no more.
    private static let patience = 45.0
    /// Seconds after which its row goes.
    private static let memory = 86_400.0

    /// Says that a process works on the store, and gives all that do.
    public func present(_ process: CollectorProcess) throws -> [CollectorProcess] {
        guard file == nil else { return [process] }
        let distance = try distance()
        return try write { database in
            let time = now()
            try database.post(
                """
                INSERT INTO collectors (id, kind, takes_tasks, version, round_trip_ms, started_at, seen_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, round_trip_ms = excluded.round_trip_ms
                """,
                [
                    process.id, process.kind.rawValue, process.takesTasks, process.version, distance,
                    Timestamp.format(time), Timestamp.format(time),
                ])
            try database.post(
                "DELETE FROM collectors WHERE seen_at < ?", [Timestamp.format(time.addingTimeInterval(-Self.memory))])
            return try live(at: time, database)
        }
    }

    /// The processes that work on the store; nil for a store in a file.
    public func collectors() throws -> [CollectorProcess]? {
        guard file == nil else { return nil }
        return try look { try live(at: now(), $0) }
    }

    /// Says that a process ends.
    public func leave(_ id: String) throws {
        guard file == nil else { return }
        try write { try $0.run("DELETE FROM collectors WHERE id = ?", [id]) }
    }

    /// Milliseconds that the server takes to answer a question that asks nothing: the least of three.
    private func distance() throws -> Int {
        let times = try (0..<3).map { _ in
            try look { database in
                let begun = ContinuousClock.now
                _ = try database.one("SELECT 1")
                return begun.duration(to: .now)
            }
        }
        return Int((times.min() ?? .zero) / .milliseconds(1))
    }

    private func live(at time: Date, _ database: any SQLConnection) throws -> [CollectorProcess] {
        try database.all(
            "SELECT id, kind, takes_tasks, version, round_trip_ms FROM collectors WHERE seen_at >= ? ORDER BY started_at, id",
            [Timestamp.format(time.addingTimeInterval(-Self.patience))]
        ).map { row in
            try CollectorProcess(
                id: row[0], kind: CollectorProcess.Kind(rawValue: row[1]) ?? .work, takesTasks: row[2], version: row[3],
                roundTrip: row[4])
        }
    }
}
