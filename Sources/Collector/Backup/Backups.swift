import Foundation
import Inventory
import Logging
import ServiceLifecycle
import Store
import Stores
import Synchronization
import Web

/// Takes backups by itself, while reports are stored, removes those beyond the number to keep, and once a day restores
/// the newest one into a scratch store and checks it.
final class Backups: Service {
    private let store: InventoryStore
    private let target: any BackupTarget
    private let every: Duration
    private let keep: Int
    /// The scratch store of a check.
    private let scratch: String
    private let logger: Logger
    private let state: Mutex<BackupStatus>
    /// Not before this time the next check.
    private let nextCheck = Mutex(Date.distantPast)
    /// The last backup that was restored: it is kept until a newer one was.
    private let lastProven = Mutex(BackupName?.none)

    /// Between two tries after a failure; a shorter `every` is taken instead.
    private static let retry = Duration.seconds(600)
    /// Between two checks, and after one that failed.
    private static let (checkPause, checkRetry) = (86_400.0, 3_600.0)

    /// - Parameter keep: at least 1.
    init(
        _ store: InventoryStore, to target: any BackupTarget, every: Duration, keep: Int, scratch: String,
        logger: Logger
    ) {
        self.store = store
        self.target = target
        self.every = every
        self.keep = keep
        self.scratch = scratch
        self.logger = logger
        state = Mutex(BackupStatus(every: every / .seconds(1), since: Date()))
    }

    var status: BackupStatus { state.withLock { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let pause = await self.step()
                // In small pieces: a clock that was set, or a machine that slept, is noticed.
                try? await Task.sleep(for: min(pause, .seconds(600)))
            }
        }
    }

    /// Does what is due; how long there is nothing to do.
    private func step() async -> Duration {
        do {
            // What a program that was killed left.
            try? FileManager.default.removeItem(atPath: scratch)
            let lineage = try await Blocking.run { [store] in try store.makeLineage() }
            // A name from the future, after the clock was set back, must not stop all backups.
            var names = try await target.names().filter { $0.lineage == lineage && $0.date <= Date() }.sorted()
            state.withLock { $0.newest = names.last?.date }
            if let newest = names.last {
                let left = every / .seconds(1) - Date().timeIntervalSince(newest.date)
                guard left <= 0 else {
                    await checkWhenDue(newest)
                    return .seconds(left)
                }
            }
            guard !status.isDoubtful || names.count < keep + max(keep, 3) else {
                throw BackupError(
                    """
                    there are \(names.count) backups, and none is removed, because one could not be restored: \
                    restore the newest by hand to see why, then remove those that are damaged
                    """)
            }
            let name = BackupName(lineage: lineage, date: Date())
            try await target.take(store, name)
            names.append(name)
            state.withLock {
                $0.newest = name.date
                $0.taken += 1
            }
            logger.info("took a backup", metadata: ["backup": "\(target.path(name))"])
            if status.isDoubtful { nextCheck.withLock { $0 = .distantPast } }
            await checkWhenDue(name)
            await remove(names.dropLast(keep))
            return every
        } catch {
            // The collector stops: what was not complete is not there.
            if Task.isCancelled { return .zero }
            state.withLock { $0.failed += 1 }
            logger.error("cannot take a backup", metadata: ["to": "\(target.place)", "error": "\(error)"])
            return min(every, Self.retry)
        }
    }

    private func remove(_ old: ArraySlice<BackupName>) async {
        guard !old.isEmpty else { return }
        guard !status.isDoubtful else {
            return logger.warning(
                "keeps backups that are older than those to keep, because one could not be restored",
                metadata: ["backups": "\(old.count)"])
        }
        let proven = lastProven.withLock { $0 }
        for name in old where name != proven && !Task.isCancelled {
            do { try await target.remove(name) } catch {
                logger.error(
                    "cannot remove an old backup",
                    metadata: ["backup": "\(target.path(name))", "error": "\(error)"])
            }
        }
    }

    private func checkWhenDue(_ name: BackupName) async {
        guard !Task.isCancelled, nextCheck.withLock({ $0 <= Date() }) else { return }
        nextCheck.withLock { $0 = Date() + Self.checkRetry }
        do {
            try await check(name)
            state.withLock {
                $0.checked = Date()
                $0.isDoubtful = false
            }
            lastProven.withLock { $0 = name }
            nextCheck.withLock { $0 = Date() + Self.checkPause }
            logger.info("restored and checked a backup", metadata: ["backup": "\(target.path(name))"])
        } catch {
            if Task.isCancelled { return }
            // A disk that is full, or a network that fails, says nothing of the backup.
            let isDamaged = [.notAStore, .newerSchema, .olderSchema].contains((error as? StoreError)?.code)
            state.withLock {
                $0.checksFailed += 1
                if isDamaged { $0.isDoubtful = true }
            }
            logger.error(
                isDamaged ? "cannot restore a backup, so it may be useless" : "cannot check a backup",
                metadata: ["backup": "\(target.path(name))", "error": "\(error)"])
        }
    }

    private func check(_ name: BackupName) async throws {
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let (copy, restored) = ("\(scratch)/copy.sqlite", "\(scratch)/store.sqlite")
        try await target.fetch(name, to: copy)
        try await Blocking.run {
            _ = try InventoryStore.restore(from: copy, to: restored)
            let store = try InventoryStore(path: restored, keepsBackup: false)
            guard try store.lineage() == name.lineage else {
                throw StoreError(.notAStore, "\(name.text) is a backup of another store than its name says")
            }
            _ = try store.summary()
            try store.finish()
        }
    }
}
