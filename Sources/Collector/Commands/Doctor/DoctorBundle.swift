import Foundation
import Inventory
import Logging
import Report
import Store
import Stores
import Terminal
import Web

/// `doctor --bundle`: one file of text with what a colleague needs to help. It has no report, no token and no tag.
struct DoctorBundle {
    let configured: Configured<Configuration>
    /// The lines that `doctor` printed.
    let checks: [String]
    /// A file with log lines, `-` for standard input; nil for none.
    let log: String?

    /// The last lines of the log that are taken, and the longest line.
    private static let logLines = 1_000
    private static let lineLimit = 4_000
    /// Runs, and tasks of the last run.
    private static let runs = 50
    private static let tasks = 200

    /// Writes the bundle to a new file that only its owner can read.
    ///
    /// - Throws: `CollectorError`: an existing file is not replaced.
    func write(to path: String) async throws {
        let text = try masked(await sections().map { "## \($0.title)\n\($0.text)\n" }.joined(separator: "\n"))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let why = errno == EEXIST ? "it exists already: name a new file" : String(cString: strerror(errno))
            throw CollectorError(exitCode: .output, message: "cannot write the bundle \(path): \(why)")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do { try file.write(contentsOf: Data(text.utf8)) } catch {
            unlink(path)
            throw CollectorError(
                exitCode: .output, message: "cannot write the bundle \(path): \(error.localizedDescription)")
        }
        Talk.say("Wrote \(path). Read it before you send it: it has names of accounts, hosts and files.")
    }

    private func sections() async throws -> [(title: String, text: String)] {
        var sections = [
            ("dbcensus-collector \(CollectorCommand.version)", Self.machine),
            ("Configuration", ConfigurationText.effective(configured, Setting.all)),
            ("Checks", checks.joined()),
        ]
        let store: InventoryStore
        do { store = try configured.value.store.open(.read) } catch {
            sections.append(("Store", "cannot be read: \(error)"))
            return try sections + [("Log", lastLines())]
        }
        sections.append(("Metrics", await Self.metrics(store, configured.value)))
        sections.append(("Runs", Self.runs(store)))
        return try sections + [("Log", lastLines())]
    }

    /// The kernel and the processors.
    private static var machine: String {
        var name = utsname()
        uname(&name)
        func text<Value>(_ value: Value) -> String {
            withUnsafeBytes(of: value) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let info = ProcessInfo.processInfo
        return
            "\(text(name.sysname)) \(text(name.release)) \(text(name.machine)), \(info.activeProcessorCount) processors, "
            + "\(Units.bytes(Int64(clamping: info.physicalMemory))) of memory\n\(Timestamp.format(Date()))\n"
    }

    /// What the store says; counters of a running service are in its own /metrics.
    private static func metrics(_ store: InventoryStore, _ configuration: Configuration) async -> String {
        var logger = Logger(label: "doctor")
        logger.logLevel = .critical
        let backend = Backend(store, LiveConfiguration(configuration).web, logger)
        do {
            try await backend.sampleMetrics()
            return backend.metrics.text
        } catch { return "cannot be read: \(error)\n" }
    }

    private static func runs(_ store: InventoryStore) -> String {
        do {
            var request = ListRequest()
            request.limit = runs
            let jobs = try store.json(.jobs, request).items
            var lines = jobs
            if let last = jobs.first.flatMap({ try? JSONDecoder().decode(ID.self, from: Data($0.utf8)) }) {
                var request = ListRequest()
                request.limit = tasks
                request.require("job_id", last.id)
                lines += try store.json(.tasks, request).items
            }
            return lines.joined(separator: "\n") + "\n"
        } catch { return "cannot be read: \(error)\n" }
    }

    private struct ID: Decodable { var id: String }

    private func lastLines() throws -> String {
        guard let log else {
            return
                "none: add --log FILE, or `journalctl -u dbcensus-collector -n 1000 -o cat |` before the command and --log -\n"
        }
        let bytes: [UInt8]
        do throws(InputError) { bytes = try InputFile.read(log) } catch {
            throw CollectorError(exitCode: .noInput, message: "cannot read the log \(log): \(error.message)")
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).suffix(Self.logLines)
        return lines.map { String(decoding: $0.prefix(Self.lineLimit), as: UTF8.self) + "\n" }.joined()
    }

    /// The text without what must not leave the machine, wherever it stands.
    private func masked(_ text: String) -> String {
        var text = text
        if let id = try? configured.value.discovery.readExternalID(), id.count > 1 {
            text = text.replacing(id, with: "(external id)")
        }
        // It is read in a terminal: names and errors of others may hold its control characters.
        return Self.masked(text).split(separator: "\n", omittingEmptySubsequences: false)
            .map { PlainText.neutralised(String($0)) }.joined(separator: "\n")
    }

    static func masked(_ text: String) -> String {
        text.replacing(#/dbc_[0-9a-f]{12}_[0-9a-f]{8,64}/#, with: "(token)")
            .replacing(#/\b(AKIA|ASIA)[A-Z0-9]{16}\b/#, with: "(access key)")
            .replacing(#/(?i)(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"\\]+/#) { "\($0.1)(secret)" }
            .replacing(#/(?i)((?:account_)?tag(?:=|:|%3D|%3A))(?:[^&"\\\n]|\\.)+/#) { "\($0.1)(tag)" }
            .replacing(#/(?m)^( *(?:[a-z_]*tags): ).*$/#) { "\($0.1)(tags)" }
            .replacing(#/(tags: )\{[^}]*\}/#) { "\($0.1)(tags)" }
            .replacing(#/(?i)(bearer )[^\s"\\]+/#) { "\($0.1)(token)" }
            .replacing(#/(:\/\/[^\/\s:@"]+:)[^@\s"]+@/#) { "\($0.1)(secret)@" }
    }
}
