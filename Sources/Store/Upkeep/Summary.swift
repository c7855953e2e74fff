import Foundation
import GRDB
import Inventory

extension InventoryStore {
    /// How large it is, and what waits in it.
    public func summary() throws -> StoreSummary {
        let bytes = ["", "-wal", "-shm"].reduce(Int64(0)) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            return sum + ((attributes?[.size] as? Int64) ?? (attributes?[.size] as? Int).map(Int64.init) ?? 0)
        }
        let disk = disk()
        return try read { database in
            StoreSummary(
                bytes: bytes, freeBytes: disk.free, diskBytes: disk.all,
                deadLetters: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM dead_letters") ?? 0,
                oldestHost: try String.fetchOne(
                    database, sql: "SELECT MIN(last_seen) FROM hosts WHERE retired_at IS NULL"))
        }
    }

    /// When the last report came; nil when none has.
    public func lastReceived() throws -> String? {
        try read { try String.fetchOne($0, sql: "SELECT received_at FROM reports ORDER BY row_id DESC LIMIT 1") }
    }

    /// Bytes of the disk that holds it.
    private func disk() -> (free: Int64, all: Int64) {
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
        _ = try read { try Int.fetchOne($0, sql: "SELECT 1 FROM meta LIMIT 1") }
        guard disk().free >= StoreSummary.leastFreeBytes else {
            throw StoreError(
                .full, "the disk that holds \(path) has less than \(StoreSummary.leastFreeBytes >> 20) MiB left")
        }
    }
}
