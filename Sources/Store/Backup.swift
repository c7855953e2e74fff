import Foundation
import GRDB

extension InventoryStore {
    /// Writes the store as it is now to a new file, while others write; the file is whole and on the disk, or not there.
    ///
    /// - Throws: `StoreError`; also when there is a file at `target` already.
    public func backup(to target: String) throws {
        let partial = target + ".partial"
        guard !FileManager.default.fileExists(atPath: target) else {
            throw StoreError(.cannotOpen, "there is a file \(target) already: name another")
        }
        try? FileManager.default.removeItem(atPath: partial)
        // VACUUM INTO writes into an empty file that is there: this one belongs to its owner alone.
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.cannotOpen, "cannot make \(partial): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        do {
            do {
                try database.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
            } catch let error as DatabaseError { throw StoreError(error, path: partial) }
            try Self.settle(partial, as: target)
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
    }

    /// Makes the store at `path` from the backup `source`, after checking it; a store that was there stays as `path.before-restore`.
    ///
    /// - Throws: `StoreError`; then the store is as it was.
    public static func restore(from source: String, to path: String) throws {
        let lock = try StoreLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        try check(source)
        let partial = path + ".partial"
        try? FileManager.default.removeItem(atPath: partial)
        do {
            let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw StoreError(.cannotOpen, "cannot make \(partial): \(String(cString: strerror(errno)))")
            }
            close(descriptor)
            try copy(source, into: partial)
            if FileManager.default.fileExists(atPath: path) {
                for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
                    try? FileManager.default.removeItem(atPath: path + ".before-restore" + suffix)
                    try rename(path + suffix, to: path + ".before-restore" + suffix)
                }
            }
            try settle(partial, as: path)
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
    }

    /// Reads every page of the file at `path`, and throws what is wrong with it; nothing is written, whatever it is.
    public static func check(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
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
