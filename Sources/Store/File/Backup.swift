import Foundation
import GRDB
import Inventory
import Report

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
        let number = try database.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") } ?? 0
        return number == 0 ? nil : Self.lineage(number)
    }

    /// The store's lineage, which a store that has none gets now.
    public func makeLineage() throws -> String {
        if let lineage = try lineage() { return lineage }
        let number = Int32.random(in: 1...Int32.max)
        do { try database.write { try $0.execute(sql: "PRAGMA user_version = \(number)") } } catch let error
            as DatabaseError
        { throw StoreError(error, path: path) }
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
        let partial = target + ".partial"
        guard !FileManager.default.fileExists(atPath: target) else {
            throw StoreError(.cannotOpen, "there is a file \(target) already: name another")
        }
        unlink(partial)
        // VACUUM INTO writes into an empty file that is there: this one belongs to its owner alone.
        close(try StoreFile.makePrivate(partial, exclusively: true))
        do {
            do {
                try database.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
            } catch let error as DatabaseError { throw StoreError(error, path: partial) }
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
    public static func restore(from source: String, to path: String) throws -> Restored {
        let locks = try [
            StoreLock(path: path, makes: false), StoreLock(path: path, .exchange, makes: false),
        ]
        defer { withExtendedLifetime(locks) {} }
        let path = try StoreFile.resolve(path, makes: false)
        let source = try StoreFile.resolve(source, makes: false)
        guard FileManager.default.fileExists(atPath: source) else {
            throw StoreError(.cannotOpen, "there is no backup \(source)")
        }
        try check(source)
        // First: to this program the schema of a newer one only looks like another.
        try refuseNewer(source)
        try Schema.check(source)
        let partial = path + ".partial"
        unlink(partial)
        do {
            close(try StoreFile.makePrivate(partial, exclusively: true))
            try copy(source, into: partial)
            let isKept = try keepRevocations(of: path, in: partial)
            let aside = try moveAside(path)
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
    private static func moveAside(_ path: String) throws -> String? {
        // What can be, is brought into the main file; of a damaged store that may be nothing.
        guard StoreFile.isThere(path) || FileManager.default.fileExists(atPath: path + "-wal") else { return nil }
        try? DatabaseQueue(path: path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
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
    private static func keepRevocations(of path: String, in partial: String) throws -> Bool {
        guard StoreFile.isThere(path) else { return true }
        var configuration = Configuration()
        configuration.readonly = true
        let sql = "SELECT id, revoked_at FROM tokens WHERE revoked_at IS NOT NULL"
        let read = try? DatabaseQueue(path: path, configuration: configuration).read { database in
            try database.tableExists("tokens") ? Row.fetchAll(database, sql: sql) : []
        }
        guard let revoked = read else { return false }
        do {
            try DatabaseQueue(path: partial).write { database in
                // A backup from before there were tokens has none to give back.
                guard try database.tableExists("tokens") else { return }
                for token in revoked {
                    try database.execute(
                        sql: "UPDATE tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?",
                        arguments: [token[1] as String, token[0] as String])
                }
            }
        } catch let error as DatabaseError { throw StoreError(error, path: partial) }
        return true
    }

    /// Refuses a backup that a newer program wrote: this one could not serve it.
    private static func refuseNewer(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let isNewer = try DatabaseQueue(path: path, configuration: configuration)
                .read(Schema.migrator.hasBeenSuperseded)
            if isNewer {
                throw StoreError(.newerSchema, "\(path) was written by a newer dbcensus-collector: use that one")
            }
        } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// Reads every page of the file at `path`, and throws what is wrong with it; nothing is written, whatever it is.
    public static func check(_ path: String) throws {
        let path = try StoreFile.resolve(path, makes: false)
        // The service makes the file before it locks and checks it.
        guard StoreFile.isThere(path) else {
            throw StoreError(.notAStore, "\(path) is empty, or not there: it is no dbcensus store")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { try $0.execute(sql: distrust) }
        let found: [String]
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            guard try queue.read({ try Int.fetchOne($0, sql: "PRAGMA application_id") }) == applicationID else {
                throw StoreError(.notAStore, "\(path) is no dbcensus store")
            }
            found = try queue.read { try String.fetchAll($0, sql: "PRAGMA quick_check(3)") }
        } catch let error as DatabaseError { throw StoreError(error, path: path) }
        guard found != ["ok"] else { return }
        throw StoreError(
            .notAStore,
            "\(path) is damaged (\(found.first ?? "no answer")): restore a backup with `dbcensus-collector restore`")
    }

    private static func copy(_ source: String, into target: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let from = try DatabaseQueue(path: source, configuration: configuration)
            try from.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [target]) }
        } catch let error as DatabaseError { throw StoreError(error, path: target) }
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
