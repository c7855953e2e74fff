import ArgumentParser
import Foundation
import Store
import Stores
import Terminal

/// `dbcensus-collector backup`: a copy of the store, also while it is served.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write the store as it is now to a new file, also while a collector serves it."
    )

    @Argument(help: "The new file.", completion: .file())
    var file: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        try store.settings.open(.read).backup(to: file)
        Talk.say("\(file) is a complete copy of the store. Restore it with `dbcensus-collector restore \(file)`.")
    }
}

/// `dbcensus-collector restore`: the store from a backup.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Check a backup and make it the store. The present store stays as FILE.before-restore.")

    @Argument(help: "The backup.", completion: .file())
    var file: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        let restored = try InventoryStore.restore(from: file, to: store.store)
        // The backup that was restored is the backup of this upgrade.
        try store.settings.open(keepsBackup: false).audit("restore", target: file)
        let kept = restored.aside.map { " The previous store is \($0)." } ?? ""
        Talk.say("\(store.store) is restored from \(file).\(kept)")
        Talk.say(
            restored.keptRevocations
                ? "The tokens are those of the backup. Tokens that were revoked since then stay revoked: see `token list`."
                : """
                The previous store cannot be read, so tokens that were revoked since the backup are valid again: see \
                `token list`.
                """
        )
    }
}

/// `dbcensus-collector rebuild`: the inventory derived again.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract:
            "Derive the inventory and its history again from the kept reports. Tags, tokens and the audit log stay.")

    @OptionGroup var store: StoreOptions

    @Flag(help: "Continue although older reports were removed. What only they said is lost.")
    var loseHistory = false

    func run() throws {
        let lock = try store.settings.lock()
        defer { withExtendedLifetime(lock) {} }
        let inventory = try store.open()
        if let time = try inventory.reportsRemovedUntil(), !loseHistory {
            throw CollectorError(
                exitCode: .store,
                message: """
                    the retention removed reports from before \(time), and a rebuild would lose what only they said: \
                    back up the store, then add --lose-history
                    """)
        }
        let rebuilt = try inventory.rebuild()
        try inventory.audit("rebuild", target: nil)
        Talk.say("\(rebuilt.reports) reports read again.")
        guard rebuilt.unreadable.isEmpty else {
            let numbers = rebuilt.unreadable.prefix(10).map(String.init).joined(separator: ", ")
            throw CollectorError(
                exitCode: .badInput,
                message: "\(rebuilt.unreadable.count) reports can no longer be decoded and were left out: \(numbers)")
        }
    }
}
