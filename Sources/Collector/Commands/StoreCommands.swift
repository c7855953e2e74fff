import ArgumentParser
import Foundation
import Store
import Terminal

/// `dbcensus-collector backup`: a copy of the store, also while it is served.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes the store as it is now to a new file, also while it is served.")

    @Argument(help: "The new file.", completion: .file())
    var file: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        try InventoryStore(path: store.store, mode: .read).backup(to: file)
        Talk.say("\(file) is a whole store: `dbcensus-collector restore \(file)` takes it back.")
    }
}

/// `dbcensus-collector restore`: the store from a backup.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Makes the store from a backup, after checking it; what was there stays as FILE.before-restore.")

    @Argument(help: "The backup.", completion: .file())
    var file: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        let restored = try InventoryStore.restore(from: file, to: store.store)
        try InventoryStore(path: store.store).audit("restore", target: file)
        let kept = restored.aside.map { " What was there is \($0)." } ?? ""
        Talk.say("\(store.store) is restored from \(file).\(kept)")
        Talk.say(
            restored.keptRevocations
                ? "Tokens are those of the backup, but for those that were revoked since: see `token list`."
                : "What was there cannot be read: tokens that were revoked since the backup are valid again; see `token list`."
        )
    }
}

/// `dbcensus-collector rebuild`: the inventory derived anew.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract:
            "Derives the inventory and its history anew from the kept reports; tags, tokens and the audit log stay.")

    @OptionGroup var store: StoreOptions

    @Flag(help: "Go on although older reports were removed: what only they told is lost.")
    var loseHistory = false

    func run() throws {
        let lock = try StoreLock(path: store.store)
        defer { withExtendedLifetime(lock) {} }
        let inventory = try InventoryStore(path: store.store)
        if let time = try inventory.reportsRemovedUntil(), !loseHistory {
            throw CollectorError(
                exitCode: .store,
                message: """
                    reports from before \(time) were removed by the retention, and what only they told would be lost: \
                    back up, and add --lose-history
                    """)
        }
        let rebuilt = try inventory.rebuild()
        try inventory.audit("rebuild", target: nil)
        Talk.say("\(rebuilt.reports) reports were read again.")
        guard rebuilt.unreadable.isEmpty else {
            let numbers = rebuilt.unreadable.prefix(10).map(String.init).joined(separator: ", ")
            throw CollectorError(
                exitCode: .badInput,
                message: "\(rebuilt.unreadable.count) reports do not decode any more, and were left out: \(numbers)")
        }
    }
}
