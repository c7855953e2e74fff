import Foundation
import Inventory
import Terminal

/// Shows how far a run is, until it ends. Ctrl-C leaves it alone and says how to come back.
struct ScanFollower {
    let source: any ScanSource
    let id: String
    /// Whether one line is written again and again; else a line for each change, at most every ten seconds.
    let isTerminal: Bool

    private static let pause = Duration.milliseconds(500)
    private static let linePause = Duration.seconds(10)

    func run() async throws -> JobProgress {
        signal(SIGINT, SIG_IGN)
        let interrupts = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        let (source, id) = (source, id)
        interrupts.setEventHandler {
            let state = source.mustWait ? "The run pauses" : "The run goes on"
            Talk.say("\nStopped watching. \(state). Continue with: \(source.reattach(id))")
            Foundation.exit(0)
        }
        interrupts.resume()
        defer { interrupts.cancel() }
        return try await withThrowingTaskGroup(of: JobProgress?.self) { group in
            group.addTask {
                try await source.work(id)
                return nil
            }
            group.addTask { try await show() }
            while let end = try await group.next() {
                guard let end else { continue }
                group.cancelAll()
                return end
            }
            throw CollectorError(
                exitCode: .noRun,
                message: "the run \(id) stopped before it ended: continue with: \(source.reattach(id))")
        }
    }

    private func show() async throws -> JobProgress {
        let begun = ContinuousClock.now
        var shown = ""
        var last = begun
        while true {
            guard let progress = try await source.progress(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no run \(id): see `jobs`")
            }
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            let line = Self.line(progress, seconds: seconds)
            if isTerminal {
                Self.rewrite(line)
            } else if line != shown,
                shown.isEmpty || progress.state.isEnded || ContinuousClock.now - last > Self.linePause
            {
                Talk.say(line)
                (shown, last) = (line, .now)
            }
            if progress.state.isEnded {
                if isTerminal { Talk.say("") }
                return progress
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Accounts, hosts, databases, failures, the rate and the time that is left, in one line.
    static func line(_ progress: JobProgress, seconds: Double) -> String {
        var parts = [
            "\(progress.state.rawValue)", "accounts \(progress.accounts_done)/\(progress.accounts)",
            "hosts \(progress.hosts_done)/\(progress.hosts)", "databases \(progress.databases)",
        ]
        if progress.failures > 0 { parts.append("failed \(progress.failures)") }
        let rate = seconds > 1 ? Double(progress.hosts_done) / seconds : 0
        if rate > 0, !progress.state.isEnded {
            parts.append(String(format: "%.0f hosts/s", rate))
            // Before all accounts are listed nothing is known of the rest.
            let left = progress.hosts - progress.hosts_done
            if progress.tasks > 0, left > 0 { parts.append("about \(Units.duration(Double(left) / rate)) left") }
        }
        return parts.joined(separator: "  ")
    }

    private static func rewrite(_ line: String) {
        let text = "\r\u{1B}[K" + PlainText.neutralised(line)
        FileHandle.standardError.write(Data(text.utf8))
    }
}
