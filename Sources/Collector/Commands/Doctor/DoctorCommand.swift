import AWSClient
import ArgumentParser
import CLinux
import Fleet
import Foundation
import Inventory
import NIOSSL
import Report
import Store
import Stores
import Terminal

/// `dbcensus-collector doctor`: checks everything that a collector needs.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the configuration, the store, the disk, the clock and AWS.",
        discussion: """
            With AWS credentials it also says who the collector is, in which accounts its role can be assumed, and whether \
            the SSM document is the one that you configured. --account goes through one account step by step, tries \
            each action, and starts nothing.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Check AWS alone, in this account: 12 digits.") var account: String?
    @Option(help: "The region to check; without it AWS_REGION or the profile's.") var region: String?

    @Option(
        help: """
            Also write what a colleague needs to help into this new file: the configuration without secrets, the checks, \
            metrics, runs, and the log of --log. No report, token or tag is in it.
            """, completion: .file())
    var bundle: String?

    @Option(help: "For --bundle: a file whose last 1,000 lines are taken; - for standard input.", completion: .file())
    var log: String?

    /// The result of a check.
    enum Check {
        case good(String)
        case warning(String)
        case bad(String)
    }

    func validate() throws {
        if let account, account.wholeMatch(of: /[0-9]{12}/) == nil {
            throw ValidationError("--account \(account): write the account's id, 12 digits")
        }
        guard log == nil || bundle != nil else { throw ValidationError("--log goes with --bundle.") }
        if let region, !Partition.isRegionName(region) {
            throw ValidationError("--region \(region): write a region such as eu-west-1")
        }
    }

    func run() async throws {
        var failed: [String] = []
        var lines: [String] = []
        func write(_ name: String, _ check: Check) throws {
            // One section for all accounts.
            let section = Manual.address(ofCheck: name.hasPrefix("aws account") ? "aws account" : name)
            let line =
                switch check {
                case .good(let text): "ok       \(name): \(PlainText.neutralised(text))\n"
                case .warning(let text): "warning  \(name): \(PlainText.neutralised(text)); see \(section)\n"
                case .bad(let text): "bad      \(name): \(PlainText.neutralised(text)); see \(section)\n"
                }
            if case .bad = check { failed.append(name) }
            lines.append(line)
            try Output.print(line)
        }
        let configured: Configured<Configuration>
        do {
            configured = try options.load()
            try write("configuration", .good(options.config ?? "defaults, environment and flags"))
        } catch let error as CollectorError {
            try write("configuration", .bad(error.message))
            throw CollectorError(exitCode: .configuration, message: "1 check failed: configuration")
        }
        let configuration = configured.value
        if account == nil {
            for (name, check) in storeChecks(configuration) { try write(name, check) }
            try write("clock", clock())
            for check in certificate(configuration) { try write("certificate", check) }
            if let check = configuration.spool.check() { try write("spool", check) }
            if let check = await BackupCheck(configuration: configuration).run() { try write("backup", check) }
        }
        try await AWSChecks(configuration: configuration.discovery, region: region).run(account: account, write)
        if let bundle { try await DoctorBundle(configured: configured, checks: lines, log: log).write(to: bundle) }
        guard failed.isEmpty else {
            let count = "\(failed.count) check\(failed.count == 1 ? "" : "s") failed"
            throw CollectorError(exitCode: .store, message: "\(count): \(failed.joined(separator: ", "))")
        }
    }

    static func discovery(
        _ store: InventoryStore, _ configuration: Configuration.Discovery
    ) throws -> [(String, Check)] {
        let last = try store.lastCompletedRun()
        var checks: [(String, Check)] = []
        if let text = configuration.schedule.cron,
            let cron = try? Cron(text, timeZone: configuration.schedule.timeZone), let first = cron.next(after: Date())
        {
            let next = "the next run begins at \(Timestamp.format(first))"
            if let last, let date = Timestamp.parse(last) {
                let isOverdue = cron.isOverdue(since: date, now: Date())
                checks.append(
                    (
                        "schedule",
                        isOverdue
                            ? .bad(
                                "no run completed since \(last), although two were due: check "
                                    + "`dbcensus-collector jobs`, and that `serve` runs")
                            : .good("a run completed at \(last); \(next)")
                    ))
            } else {
                checks.append(("schedule", .warning("no run has completed yet; \(next)")))
            }
        } else if let last {
            checks.append(("schedule", .good("there is none; a run completed at \(last)")))
        }
        if let skipped = try store.lastSkippedRun() {
            checks.append(
                ("schedule", .warning("the run that was due at \(skipped.dueAt) was skipped: \(skipped.reason)")))
        }
        return checks
    }

    /// Whether the kernel says that the clock is synchronised: adjtimex(2).
    private func clock() -> Check {
        clinux_clock_is_synchronised() == 1
            ? .good("synchronised")
            : .warning("the kernel reports that the clock is not synchronised: run an NTP client")
    }

    private func certificate(_ configuration: Configuration) -> [Check] {
        guard let certificate = configuration.server.certificate, let key = configuration.server.privateKey else {
            return []
        }
        do throws(ConfigurationError) {
            _ = try TLSFiles(certificate: certificate, privateKey: key)
            let end = try? NIOSSLCertificate.fromPEMBytes(try RegularFile.read(certificate)).first?.notValidAfter
            let days = end.map { Int((Double($0) - Date().timeIntervalSince1970) / 86_400) } ?? 0
            return [
                days < 0
                    ? .bad("the certificate expired \(-days) days ago")
                    : days < 14
                        ? .warning("the certificate expires in \(days) days")
                        : .good("the certificate expires in \(days) days")
            ]
        } catch { return [.bad(error.message)] }
    }
}
