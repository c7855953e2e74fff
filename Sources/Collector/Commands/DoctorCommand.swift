import ArgumentParser
import CLinux
import Foundation
import NIOSSL
import Report
import Store
import Terminal

/// `dbcensus-collector doctor`: what stands in the way.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks the configuration, the store, the disk, the clock and the credentials."
    )

    @OptionGroup var options: ConfigurationOptions

    /// What a check found.
    private enum Finding {
        case good(String)
        case warning(String)
        case bad(String)
    }

    func run() throws {
        var isBad = false
        func say(_ name: String, _ finding: Finding) throws {
            switch finding {
            case .good(let text): try Output.print("ok       \(name): \(PlainText.neutralised(text))\n")
            case .warning(let text): try Output.print("warning  \(name): \(PlainText.neutralised(text))\n")
            case .bad(let text):
                isBad = true
                try Output.print("bad      \(name): \(PlainText.neutralised(text))\n")
            }
        }
        let configuration: Configuration
        do {
            configuration = try options.load()
            try say("configuration", .good(options.config ?? "defaults, environment and flags"))
        } catch let error as CollectorError {
            try say("configuration", .bad(error.message))
            throw CollectorError(exitCode: .configuration, message: "something is bad")
        }
        for (name, finding) in store(configuration) { try say(name, finding) }
        try say("clock", clock())
        for finding in credentials(configuration) { try say("credentials", finding) }
        if isBad { throw CollectorError(exitCode: .store, message: "something is bad") }
    }

    private func store(_ configuration: Configuration) -> [(String, Finding)] {
        guard FileManager.default.fileExists(atPath: configuration.store) else {
            let folder = URL(filePath: configuration.store).deletingLastPathComponent().path
            return [
                (
                    "store",
                    FileManager.default.isWritableFile(atPath: folder)
                        ? .warning("there is no \(configuration.store) yet: `serve` makes it")
                        : .bad("there is no \(configuration.store), and \(folder) is no folder that can be written")
                )
            ]
        }
        do {
            try InventoryStore.check(configuration.store)
            let store = try InventoryStore(path: configuration.store, mode: .read)
            let summary = try store.summary()
            var findings: [(String, Finding)] = [
                ("store", .good("\(configuration.store), every page read, \(Units.bytes(summary.bytes))"))
            ]
            do {
                let holder = try StoreLock.service(of: configuration.store)
                findings.append(
                    ("service", .good(holder.map { "\($0) serves the store" } ?? "no process serves the store")))
            } catch { findings.append(("service", .bad("\(error)"))) }
            let free = "\(Units.bytes(summary.freeBytes)) free"
            if summary.freeBytes < InventoryStore.leastFreeBytes {
                findings.append(("disk", .bad(free)))
            } else {
                findings.append(
                    (
                        "disk",
                        summary.freeBytes < summary.bytes ? .warning(free + ", less than a backup takes") : .good(free)
                    ))
            }
            if summary.deadLetters > 0 {
                findings.append(
                    (
                        "dead letters",
                        .warning("\(summary.deadLetters) reports were refused: see `dbcensus-collector dead-letters`")
                    ))
            }
            let valid = try store.tokens().filter {
                $0.revoked_at == nil && ($0.expires_at ?? "9") > Timestamp.format(Date())
            }
            findings.append(
                (
                    "tokens",
                    valid.isEmpty
                        ? .warning("none is valid: `dbcensus-collector token create` makes one")
                        : .good("\(valid.count) valid")
                ))
            if let last = try store.lastReceived(), last > Timestamp.format(Date()) {
                findings.append(("clock", .bad("the last report came at \(last), which is in the future")))
            }
            return findings
        } catch { return [("store", .bad("\(error)"))] }
    }

    /// Whether the kernel says that something keeps the clock right: adjtimex(2).
    private func clock() -> Finding {
        clinux_clock_is_synchronised() == 1
            ? .good("synchronised") : .warning("the kernel does not know it to be synchronised")
    }

    private func credentials(_ configuration: Configuration) -> [Finding] {
        var findings: [Finding] = []
        if let certificate = configuration.server.certificate, let key = configuration.server.privateKey {
            do throws(ConfigurationError) {
                _ = try TLSFiles(certificate: certificate, privateKey: key)
                let end = try? NIOSSLCertificate.fromPEMBytes(try RegularFile.read(certificate)).first?.notValidAfter
                let days = end.map { Int((Double($0) - Date().timeIntervalSince1970) / 86_400) } ?? 0
                findings.append(
                    days < 0
                        ? .bad("the certificate ended \(-days) days ago")
                        : days < 14
                            ? .warning("the certificate ends in \(days) days")
                            : .good("the certificate ends in \(days) days"))
            } catch { findings.append(.bad(error.message)) }
        }
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/root"
        let files = [
            "AWS_SHARED_CREDENTIALS_FILE": "\(home)/.aws/credentials", "AWS_CONFIG_FILE": "\(home)/.aws/config",
        ]
        let found = files.map { environment[$0.key] ?? $0.value }.filter {
            FileManager.default.isReadableFile(atPath: $0)
        }
        let variables = [
            "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ].filter { environment[$0] != nil }
        let names = (variables + found).sorted().joined(separator: ", ")
        findings.append(
            .good(
                names.isEmpty
                    ? "no AWS credentials in the environment or in files" : "AWS credentials are named by \(names)"))
        return findings
    }
}
