import Foundation
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Brings the store of an older program to this schema, after a backup: an older program refuses it afterwards.
    ///
    /// The backup is `<store>.before-<number of the first migration>`, with the time at its end if there is such a file
    /// already. It has the store's owner and mode, and is on the disk before the first statement runs. One process
    /// upgrades at a time; `<store>.upgrade` is its lock, and names the backup until the upgrade is complete. So an
    /// attempt that was killed leaves no second copy behind.
    ///
    /// - Returns: the backup's path; nil for a new store, and for one that no migration changes.
    /// - Throws: `StoreError` when another process upgrades, or the backup cannot be written; the store is unchanged
    ///   then.
    func upgrade(_ migrations: [Migration], keepsBackup: Bool) throws -> String? {
        func applied() throws -> Set<String> { Set(try database.appliedMigrations()) }
        func missing(_ applied: Set<String>) -> Migration? { migrations.first { !applied.contains($0.name) } }
        guard keepsBackup, case let before = try applied(), !before.isEmpty, missing(before) != nil else {
            try database.migrate(migrations)
            return nil
        }
        let lock = try UpgradeLock(store: path)
        // Another process may have upgraded it in the meantime.
        let present = try applied()
        guard let first = missing(present) else { return nil }
        let target = try backUp(before: first, lock)
        do { try database.migrate(migrations) } catch {
            // Nothing was committed: the next attempt makes a backup again.
            if (try? applied()) == present {
                unlink(target)
                lock.write("")
            }
            throw error
        }
        lock.write("")
        return target
    }

    private func backUp(before migration: Migration, _ lock: UpgradeLock) throws -> String {
        var target = "\(path).before-\(migration.number)"
        // The file names no path outside: root must not remove what the store's owner wrote into it.
        if lock.unfinished.hasPrefix(target),
            lock.unfinished.dropFirst(target.count).allSatisfy({ $0 == "-" || $0.isLetter || $0.isNumber })
        {
            // An attempt that was killed: the store is as it was then, or has gone on with the older version.
            for name in [lock.unfinished, lock.unfinished + ".partial"] { unlink(name) }
        }
        if FileManager.default.fileExists(atPath: target) {
            target += "-" + Timestamp.format(Date()).filter { $0.isLetter || $0.isNumber }
        }
        lock.write(target)
        do { try backup(to: target) } catch let error as StoreError {
            lock.write("")
            throw StoreError(
                .notUpgraded,
                """
                cannot upgrade \(path): before it changes the schema it needs a backup, and \(error.message). The store \
                is unchanged: free as much space in its directory as the store takes, then start again
                """)
        }
        return target
    }

    /// The backup that this program can open, of those that upgrades of the store at `path` left; nil if there is none.
    static func upgradeBackup(of path: String) -> String? {
        let url = URL(filePath: path)
        let files = try? FileManager.default.contentsOfDirectory(
            at: url.deletingLastPathComponent(), includingPropertiesForKeys: [.contentModificationDateKey])
        let candidates = (files ?? []).compactMap { file -> (number: Int, date: Date, path: String)? in
            guard let match = file.lastPathComponent.wholeMatch(of: /(.+)\.before-(\d{4})(?:-\w+)?/),
                match.1 == url.lastPathComponent, let number = Int(match.2), number <= Migration.sqlite.count + 1
            else { return nil }
            let values = try? file.resourceValues(forKeys: [.contentModificationDateKey])
            return (number, values?.contentModificationDate ?? .distantPast, file.path)
        }
        return candidates.max { ($0.number, $0.date) < ($1.number, $1.date) }?.path
    }
}

/// One process upgrades a store at a time: an flock(2) on `<store>.upgrade`, which the kernel takes back.
private final class UpgradeLock {
    private let descriptor: Int32
    /// The backup of an attempt that did not come to its end; empty when there was none.
    let unfinished: String

    init(store: String) throws {
        descriptor = try StoreFile.makePrivate(store + ".upgrade", exclusively: false)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StoreError(.inUse, "another process upgrades \(store): wait until it is done, then try again")
        }
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        unfinished = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    deinit { close(descriptor) }

    func write(_ text: String) {
        _ = ftruncate(descriptor, 0)
        let bytes = Array(text.utf8)
        if !bytes.isEmpty { _ = pwrite(descriptor, bytes, bytes.count, 0) }
        fsync(descriptor)
    }
}
