import Foundation
import GRDB
import Inventory
import Report

extension InventoryStore {
    /// Keeps the store as it is before migrations change it: an older program refuses it afterwards.
    ///
    /// The backup is `<store>.before-<number of the first migration>`, with the time at its end if there is such a file
    /// already. It has the store's owner and mode, and is on the disk before the first statement runs.
    ///
    /// - Returns: the backup's path; nil for a new store and for one that no migration changes.
    /// - Throws: `StoreError` when it cannot be written; the store is unchanged then.
    func backUpBeforeUpgrade(_ migrator: DatabaseMigrator, _ migrations: [Migration]) throws -> String? {
        let applied = Set(try database.read(migrator.appliedIdentifiers))
        guard !applied.isEmpty, let first = migrations.first(where: { !applied.contains($0.name) }) else { return nil }
        var target = "\(path).before-\(first.name.prefix { $0 != " " })"
        if FileManager.default.fileExists(atPath: target) {
            target += "-" + Timestamp.format(Date()).filter { $0.isLetter || $0.isNumber }
        }
        do { try backup(to: target) } catch let error as StoreError {
            throw StoreError(
                error.code,
                """
                cannot upgrade \(path): before it changes the schema it needs a backup, and \(error.message). The store \
                is unchanged: free as much space in its directory as the store takes, then start again
                """)
        }
        return target
    }

    /// The youngest backup that an upgrade of the store at `path` left; nil when there is none.
    static func upgradeBackup(of path: String) -> String? {
        let url = URL(filePath: path)
        let files = try? FileManager.default.contentsOfDirectory(
            at: url.deletingLastPathComponent(), includingPropertiesForKeys: [.contentModificationDateKey])
        func age(_ file: URL) -> Date {
            (try? file.resourceValues(forKeys: [.contentModificationDateKey]))?.contentModificationDate ?? .distantPast
        }
        return files?.filter {
            $0.lastPathComponent.wholeMatch(of: /(.+)\.before-\d{4}(-\w+)?/)?.1 ?? "" == url.lastPathComponent
        }
        .max { age($0) < age($1) }?.path
    }
}
