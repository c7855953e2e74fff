import Foundation
import Inventory
import SQL

extension InventoryStore {
    /// How large it is, and what waits in it.
    public func summary() throws -> StoreSummary {
        let disk = disk()
        return try read { database in
            StoreSummary(
                bytes: try bytes(database), freeBytes: disk.free, diskBytes: disk.all,
                deadLetters: try (database.value("SELECT COUNT(*) FROM dead_letters") as Int?) ?? 0,
                oldestHost: try database.value("SELECT MIN(last_seen) FROM hosts WHERE retired_at IS NULL") as String?)
        }
    }

    /// When the last report came; nil when none has.
    public func lastReceived() throws -> String? {
        try read { try $0.value("SELECT received_at FROM reports ORDER BY row_id DESC LIMIT 1") as String? }
    }

    private func bytes(_ database: any SQLConnection) throws -> Int64 {
        guard file != nil else { return try database.value("SELECT pg_database_size(current_database())") ?? 0 }
        return ["", "-wal", "-shm"].reduce(Int64(0)) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            return sum + ((attributes?[.size] as? Int64) ?? (attributes?[.size] as? Int).map(Int64.init) ?? 0)
        }
    }

    /// Bytes of the disk that holds the file; all 0 on a server, whose disk only it knows.
    private func disk() -> (free: Int64, all: Int64) {
        guard file != nil else { return (0, 0) }
        var information = statvfs()
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard statvfs(folder.isEmpty ? "." : folder, &information) == 0 else { return (0, 0) }
        func bytes(_ blocks: fsblkcnt_t) -> Int64 {
            Int64(clamping: UInt64(blocks) &* UInt64(information.f_frsize))
        }
        return (bytes(information.f_bavail), bytes(information.f_blocks))
    }

    /// Throws unless the store can be read and has room to write.
    public func probe() throws {
        _ = try read { try $0.value("SELECT 1 FROM meta LIMIT 1") as Int? }
        if file == nil, Schema.isNewer(try database.appliedMigrations(), than: Migration.postgresql) {
            throw StoreError(SQLError(.outdated, "a newer program changed its schema"), path: path)
        }
        guard file == nil || disk().free >= StoreSummary.leastFreeBytes else {
            throw StoreError(
                .full, "the disk that holds \(path) has less than \(StoreSummary.leastFreeBytes >> 20) MiB left")
        }
    }

    /// Throws unless the store commits a transaction.
    public func probeCommit() throws { try write { _ in } }
}
