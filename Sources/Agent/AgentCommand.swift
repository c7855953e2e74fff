import ArgumentParser
import Glibc
import Terminal

/// `dbcensus-agent`: finds the databases of one host by looking, and nothing else.
@main
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dbcensus-agent",
        abstract: "Find every database on this host: running, stopped or only installed.",
        discussion: """
            Reads /proc, sockets and data directories. Starts no program, opens no connection and needs no password. Run \
            it as root to see everything; without root, the report lists what it could not see.
            """,
        version: agentVersion,
        subcommands: [ScanCommand.self, DecodeCommand.self, EnginesCommand.self],
        defaultSubcommand: ScanCommand.self)

    static func main() {
        // A reader that goes away must be an error that can be told, not a death by SIGPIPE.
        signal(SIGPIPE, SIG_IGN)
        unsetenv("TZ")  // it may name a file, and every time is in UTC
        // Swift's runtime may have found a program that it would run on a crash (swift-backtrace): the agent runs
        // nothing.
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
        Sandbox.tidyDescriptors()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as OutputError {
            Talk.say("dbcensus-agent: \(error)")
            Glibc.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}

/// The agent's own version (CHANGELOG.md tells what changed).
let agentVersion = "0.1.0"
