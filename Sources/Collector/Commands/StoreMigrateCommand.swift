import ArgumentParser
import Foundation
import Inventory
import Store
import Terminal

/// `dbcensus-collector store`: what is done with a store as a whole.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Copy the store between a file and a server.", subcommands: [Migrate.self])

    /// `dbcensus-collector store migrate`.
    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "migrate",
            abstract:
                "Copy a store into a new one, of SQLite or of PostgreSQL, and compare both. Stop the service first.",
            discussion: "A copy that was interrupted goes on where it ended: run the same command again.")

        @Option(help: "The store to copy: a SQLite file or postgresql://….", completion: .file())
        var from: String

        @Option(help: "The new store: a path that does not exist, or an empty database.", completion: .file())
        var to: String

        func validate() throws {
            guard from != to else { throw ValidationError("Name two stores: --from and --to are the same.") }
        }

        func run() throws {
            let (source, target) = (StoreSettings.environment(from), StoreSettings.environment(to))
            guard source.isServer || FileManager.default.fileExists(atPath: from) else {
                throw StoreError(.cannotOpen, "there is no store \(from)")
            }
            let locks = try [source.lock(), target.lock()]
            defer { withExtendedLifetime(locks) {} }
            // A store of an older program is brought to this schema first.
            if !source.isServer { try source.open().finish() }
            let (one, other) = (try source.open(.read), try target.open(isCopy: true))
            var table = ""
            let copied = try StoreCopy(from: one, to: other) { name, _ in
                guard name != table else { return }
                table = name
                Talk.say("copying \(name)")
            }.run()
            try other.audit("store migrate", target: one.path)
            let rows = copied.rows.values.reduce(0, +)
            let checksum = String(copied.checksum, radix: 16)
            Talk.say("\(other.path) is a complete copy of \(one.path): \(rows) rows, checksum \(checksum).")
            try other.finish()
        }
    }
}
