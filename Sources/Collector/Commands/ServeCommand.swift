import ArgumentParser
import Foundation
import Inventory
import NIOCore
import NIOPosix
import Store
import Terminal
import Web

/// `dbcensus-collector serve`: the API over the store.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API, until SIGTERM or SIGINT.",
        discussion: """
            Settings come from --set, then from the environment (DBCENSUS_SERVER_PORT), then from the file: see \
            docs/configuration.md. SIGHUP reads the certificate and the settings again. The first start prints a token \
            for this machine, once.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.load().value
        NIOSingletons.blockingPoolThreadCountSuggestion = max(4, 2 * System.coreCount)
        let (file, flags) = (options.config, options.flags)
        let collector = try buildCollector(configuration) {
            try ConfigurationOptions.load(file: file, flags: flags).value
        }
        try Self.offerFirstToken(collector.store)
        try await collector.run()
    }

    /// The first start of a store prints a token to standard error, once and never again.
    private static func offerFirstToken(_ store: InventoryStore) throws {
        // A proxy on this machine may hide where a request comes from: this token is for creating others, and expires
        // soon.
        var wanted = TokenMaker.Wanted(name: "first start", scopes: [Scope.admin.rawValue], days: 1)
        wanted.loopbackOnly = true
        let made = try TokenMaker.make(wanted, now: store.now())
        guard try store.addFirstToken(made.row, hash: made.token.hash) else { return }
        Talk.say("The first token, for this machine only, shown once: \(made.token.text)")
        Talk.say("It expires after 24 hours, or when you create the next token.")
    }
}

/// Where a configuration comes from.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The configuration file, in YAML.", completion: .file())
    var config: String?

    @Option(help: "The store's file.", completion: .file())
    var store: String?

    @Option(name: .customLong("set"), help: "One setting: section.key=value. It may be repeated.")
    var settings: [String] = []

    /// Settings of the command line.
    var flags: [String] { settings + (store.map { ["store.path=\($0)"] } ?? []) }

    /// The options as they were written, for a command that goes on with them.
    var words: [String] {
        (config.map { ["--config", $0] } ?? []) + (store.map { ["--store", $0] } ?? [])
            + settings.flatMap { ["--set", $0.hasPrefix("discovery.external_id=") ? "discovery.external_id=…" : $0] }
    }

    /// A word for a POSIX shell.
    static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=:,@+".utf8.contains(byte)
            }
        }
        return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    func load() throws -> Configured<Configuration> { try Self.load(file: config, flags: flags) }

    static func load(file: String?, flags: [String]) throws -> Configured<Configuration> {
        do throws(ConfigurationError) {
            return try Configuration.load(file: file, environment: ProcessInfo.processInfo.environment, flags: flags)
        } catch { throw CollectorError(exitCode: .configuration, message: error.message) }
    }
}
