import Foundation
import Inventory
import Report
import SQL

extension InventoryStore {
    /// What a restore did.
    public struct Restored: Sendable, Equatable {
        /// The file that the store which was there is now; nil when there was none.
        public var aside: String?
        /// Whether it is known which tokens were revoked since the backup; of a damaged store it is not.
        public var keptRevocations: Bool
    }

    /// Eight hexadecimal digits that a store shares with its backups and with what is restored from them; nil for a
    /// store that has none yet.
    ///
    /// They are the file's `user_version`, which SQLite copies with the pages and uses for nothing.
    public func lineage() throws -> String? {
        _ = try needsFile("A lineage")
        let number: Int64 = try read { try $0.value("PRAGMA user_version") } ?? 0
        return number == 0 ? nil : Self.lineage(Int32(truncatingIfNeeded: number))
    }

    /// The store's lineage, which a store that has none gets now.
    public func makeLineage() throws -> String {
        if let lineage = try lineage() { return lineage }
        let number = Int32.random(in: 1...Int32.max)
        try write { try $0.script("PRAGMA user_version = \(number)") }
        return Self.lineage(number)
    }

    private static func lineage(_ number: Int32) -> String {
        let text = String(UInt32(bitPattern: number), radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    /// Writes the store as it is now to a new file, while others write; the file is whole and on the disk, or not
    /// there.
    ///
    /// - Throws: `StoreError`; also when there is a file at `target` already.
    public func backup(to target: String) throws {
        _ = try needsFile("`backup`")
        let partial = target + ".partial"
        guard !FileManager.default.fileExists(atPath: target) else {
            throw StoreError(.cannotOpen, "there is a file \(target) already: name another")
        }
        unlink(partial)
        // VACUUM INTO writes into an empty file that is there: this one belongs to its owner alone.
        close(try StoreFile.makePrivate(partial, exclusively: true))
        do {
            try storing(partial) { try database.look { try $0.run("VACUUM INTO ?", [partial]) } }
            try Self.settle(partial, as: target)
        } catch {
            unlink(partial)
            throw error
        }
    }

    /// Makes the store at `path` from the backup `source`, after checking it; a store that was there stays as
    /// `path.before-restore`, with the time behind it where there is such a file already. Tokens that were revoked
    /// since the backup stay revoked, as far as what was there can be read.
    ///
    /// - Throws: `StoreError`; then the store is as it was.
    package static func restore(from source: String, to path: String, files: any SQLFiles) throws -> Restored {
        let locks = try [
            StoreLock(path: path, makes: false), StoreLock(path: path, .exchange, makes: false),
        ]
        defer { withExtendedLifetime(locks) {} }
        let path = try StoreFile.resolve(path, makes: false)
        let source = try StoreFile.resolve(source, makes: false)
        guard FileManager.default.fileExists(atPath: source) else {
            throw StoreError(.cannotOpen, "there is no backup \(source)")
        }
        try check(source, files: files)
        // First: to this program the schema of a newer one only looks like another.
        try refuseNewer(source, files)
        try Schema.check(source, files)
        let partial = path + ".partial"
        unlink(partial)
        do {
            close(try StoreFile.makePrivate(partial, exclusively: true))
            try copy(source, into: partial, files)
            let isKept = try keepRevocations(of: path, in: partial, files)
            let aside = try moveAside(path, files)
            try settle(partial, as: path)
            return Restored(aside: aside, keptRevocations: isKept)
        } catch {
            unlink(partial)
            throw error
        }
    }

    /// Gives the store at `path`, if there is one, a second name; the first stays until the new store takes it.
    ///
    /// The write-ahead log goes with it: under the new store it would bring the old one's pages back.
    private static func moveAside(_ path: String, _ files: any SQLFiles) throws -> String? {
        // What can be, is brought into the main file; of a damaged store that may be nothing.
        guard StoreFile.isThere(path) || FileManager.default.fileExists(atPath: path + "-wal") else { return nil }
        try? files.open(path, .write).bare { try $0.script("PRAGMA wal_checkpoint(TRUNCATE)") }
        var aside = path + ".before-restore"
        if ["", "-wal"].contains(where: { FileManager.default.fileExists(atPath: aside + $0) }) {
            aside += "-" + Timestamp.format(Date()).filter { $0.isLetter || $0.isNumber }
        }
        let isThere = FileManager.default.fileExists(atPath: path)
        if isThere, link(path, aside) != 0 {
            throw StoreError(.failed, "cannot keep \(path) as \(aside): \(String(cString: strerror(errno)))")
        }
        unlink(path + "-shm")
        if FileManager.default.fileExists(atPath: path + "-wal") { try rename(path + "-wal", to: aside + "-wal") }
        return isThere ? aside : nil
    }

    /// Who lost a token since the backup does not get it back; false when what was there does not tell.
    private static func keepRevocations(
        of path: String, in partial: String, _ files: any SQLFiles
    ) throws -> Bool {
        guard StoreFile.isThere(path) else { return true }
        func hasTokens(_ connection: any SQLConnection) throws -> Bool {
            try connection.exists("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'tokens'")
        }
        let revoked = try? files.open(path, .read).read { connection in
            try hasTokens(connection)
                ? connection.all("SELECT id, revoked_at FROM tokens WHERE revoked_at IS NOT NULL") : []
        }
        guard let revoked else { return false }
        try storing(partial) {
            let store = try files.open(partial, .write)
            try store.write { connection in
                // A backup from before there were tokens has none to give back.
                guard try hasTokens(connection) else { return }
                for token in revoked {
                    try connection.run(
                        "UPDATE tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?",
                        [token.values[1], token.values[0]])
                }
            }
            try store.close()
        }
        return true
    }

    /// Refuses a backup that a newer program wrote: this one could not serve it.
    private static func refuseNewer(_ path: String, _ files: any SQLFiles) throws {
        try storing(path) {
            guard Schema.isNewer(try files.open(path, .read).appliedMigrations()) else { return }
            throw StoreError(.newerSchema, "\(path) was written by a newer dbcensus-collector: use that one")
        }
    }

    /// Reads every page of the file at `path`, and throws what is wrong with it; nothing is written, whatever it is.
    package static func check(_ path: String, files: any SQLFiles) throws {
        let path = try StoreFile.resolve(path, makes: false)
        // The service makes the file before it locks and checks it.
        guard StoreFile.isThere(path) else {
            throw StoreError(.notAStore, "\(path) is empty, or not there: it is no dbcensus store")
        }
        let found: [String] = try storing(path) {
            let file = try files.open(path, .read, StoreFile.distrusting)
            let id: Int? = try file.read { try $0.value("PRAGMA application_id") }
            guard id == StoreFile.applicationID else { throw StoreError(.notAStore, "\(path) is no dbcensus store") }
            return try file.read { try $0.values("PRAGMA quick_check(3)") }
        }
        guard found != ["ok"] else { return }
        throw StoreError(
            .notAStore,
            "\(path) is damaged (\(found.first ?? "no answer")): restore a backup with `dbcensus-collector restore`")
    }

    private static func copy(_ source: String, into target: String, _ files: any SQLFiles) throws {
        try storing(target) { try files.open(source, .read).look { try $0.run("VACUUM INTO ?", [target]) } }
    }

    private static func rename(_ from: String, to target: String) throws {
        guard Foundation.rename(from, target) == 0 else {
            throw StoreError(.failed, "cannot rename \(from) to \(target): \(String(cString: strerror(errno)))")
        }
    }

    /// Brings `partial` to the disk and gives it its name, both durable when this returns.
    private static func settle(_ partial: String, as target: String) throws {
        func synchronize(_ path: String) throws {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            guard descriptor >= 0, fsync(descriptor) == 0 else {
                throw StoreError(.failed, "cannot write \(path) to the disk: \(String(cString: strerror(errno)))")
            }
        }
        try synchronize(partial)
        try rename(partial, to: target)
        let folder = URL(filePath: target).deletingLastPathComponent().path
        try synchronize(folder.isEmpty ? "." : folder)
    }
}
