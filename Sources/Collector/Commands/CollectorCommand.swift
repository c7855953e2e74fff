import ArgumentParser
import Foundation
import Inventory
import Terminal

/// `dbcensus-collector`: stores the agents' reports and keeps the inventory.
@main
struct CollectorCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "dbcensus-collector",
        abstract: "Keep the inventory of databases: store the agents' reports, and serve lists, history and counts.",
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "The service:",
                subcommands: [
                    ServeCommand.self, WorkCommand.self, DeployCommand.self, TokenCommand.self, DoctorCommand.self,
                    BackupCommand.self,
                    RestoreCommand.self,
                    RebuildCommand.self, StoreCommand.self, ConfigCommand.self, OpenAPICommand.self,
                ]),
            CommandGroup(
                name: "Discovery:",
                subcommands: [ScanCommand.self, JobsCommand.self, CoverageCommand.self, DemoCommand.self]),
            CommandGroup(
                name: "Reports:", subcommands: [IngestCommand.self, DeadLettersCommand.self, TagCommand.self]),
            CommandGroup(
                name: "The inventory:",
                subcommands: [
                    DatabasesCommand.self, HostsCommand.self, ChangesCommand.self, ShowCommand.self, StatsCommand.self,
                    ClustersCommand.self, AccountsCommand.self, AuditCommand.self,
                ]),
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        // The first process of a container has no default handlers: `docker stop` would wait until it kills.
        if getpid() == 1 { for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { _exit(128 + $0) } } }
        // Files that a command creates are readable for their owner only.
        umask(0o077)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CollectorError {
            Talk.say("dbcensus-collector: \(error.message)")
            Foundation.exit(error.exitCode.rawValue)
        } catch let error as StoreError {
            Talk.say("dbcensus-collector: \(error)")
            Foundation.exit(ExitStatus(error).rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// What the exit status says, in the numbers of sysexits(3).
enum ExitStatus: Int32 {
    /// No run of discovery took place.
    case noRun = 1
    /// Some hosts or accounts of a run failed.
    case someFailed = 3
    /// A run was halted.
    case halted = 4
    /// The command line is invalid.
    case usage = 64
    /// Some reports were rejected; valid ones are stored.
    case badInput = 65
    /// A file could not be read.
    case noInput = 66
    /// The store could not be opened, read or written.
    case store = 74
    /// A collector could not be reached.
    case unavailable = 69
    /// A newer version wrote the store, or the store of an older version could not be upgraded.
    case version = 76
    /// The output could not be written.
    case output = 73
    /// The token does not allow it.
    case noPermission = 77
    /// The configuration is invalid.
    case configuration = 78

    init(_ error: StoreError) {
        self =
            switch error.code {
            case .badCursor, .badRequest, .conflict: .usage
            case .newerSchema, .notUpgraded: .version
            default: .store
            }
    }
}

/// A failure of a command, with its exit status.
struct CollectorError: Error {
    var exitCode: ExitStatus
    var message: String
}

/// Standard output, for data.
enum Output {
    /// Writes `text`; a reader that went away is an error with a status of its own.
    static func print(_ text: String) throws {
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let reason = cause.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)"
            throw CollectorError(exitCode: .output, message: "cannot write to standard output: \(reason)")
        }
    }
}
