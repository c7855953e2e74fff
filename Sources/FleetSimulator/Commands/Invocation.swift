import Foundation
import Report

/// A command on one instance: what will happen to it, decided when it is sent.
struct Invocation: Sendable {
    var instance: Instance
    /// Seconds after the command was sent, in the fleet's time.
    var starts: Double
    var ends: Double
    /// The words at its end, such as `Failed` and `Execution Timed Out`.
    var status: String
    var details: String
    var code: Int
    /// The standard output of each step that ran.
    var outputs: [String]?

    /// What AWS shows `elapsed` seconds after the command was sent.
    func state(at elapsed: Double) -> (status: String, details: String, isFinal: Bool) {
        if elapsed >= ends { return (status, details, true) }
        return elapsed < starts ? ("Pending", "Pending", false) : ("InProgress", "InProgress", false)
    }
}

/// How long hosts take, and what they print.
struct Hosts: Sendable {
    /// Mean seconds that a scan takes.
    var seconds = 1.0
    /// Fleet seconds in one second of the clock.
    var speed = 1.0
    var agentVersion = "0.1.0"
    var frame = Frame.Version.dictionary
    /// What one step prints at most.
    static let part = 23_900

    /// What will happen: `hasAgent` when the host keeps the document's agent, or downloads it now.
    func plan(_ instance: Instance, _ document: Document, hasAgent: Bool, timeout: Double, attempt: Int) -> Invocation {
        let draw = instance.draw.of("invocation").of(attempt)
        let starts = 0.2 + 0.8 * draw.of("starts").fraction
        let ends = starts + seconds * (0.5 + draw.of("ends").fraction)
        /// AWS writes these words with blanks and without.
        func spelled(_ words: String) -> String {
            draw.of("spelling").fraction < 0.5 ? words : words.replacing(" ", with: "")
        }
        func end(_ status: String, _ details: String, code: Int = -1, _ outputs: [String] = [], at: Double? = nil)
            -> Invocation
        {
            Invocation(
                instance: instance, starts: at ?? starts, ends: at ?? ends, status: status, details: details,
                code: code,
                outputs: outputs)
        }
        switch (instance.kind, instance.outcome) {
        case (.offline, _), (.stopped, _), (.unmanaged, _):
            return end("TimedOut", spelled("Delivery Timed Out"), at: timeout)
        case (_, .undeliverable), (_, .terminated): return end("Failed", "Undeliverable", at: starts)
        case (.windows, _) where document.isCensus: return end("Success", "Success", code: 0, [])
        case (_, .timedOut): return end("TimedOut", spelled("Execution Timed Out"))
        case (_, .failed):
            let (code, detail) = draw.of("failure").pick([
                (53, "hash_mismatch"), (48, "disk_full"), (54, "noexec"), (57, "agent_failed"),
            ])
            return end("Failed", "Failed", code: code, ["dbcensus: \(detail): simulated\n"])
        case (_, .garbage):
            return end(
                "Success", "Success", code: 0,
                ["\u{1}\u{7f}motd: <b>welcome</b>\n-----BEGIN DBCENSUS REPORT 2 12 0-----\n\u{fffd}"])
        default: break
        }
        guard document.isCensus else {
            return end("Success", "Success", code: 0, ["fleet-simulator: \(document.name) on \(instance.id)\n"])
        }
        guard hasAgent else {
            return end(
                "Failed", "Failed", code: 50,
                ["dbcensus: agent_missing: this host keeps no agent of this version: run again with fetch=yes\n"])
        }
        var invocation = end("Success", "Success", code: 0)
        // The report is made when it is first read.
        invocation.outputs = nil
        return invocation
    }

    /// What the document's steps print of a scan at `time`.
    ///
    /// - Parameter other: the instance that a hostile host names.
    func outputs(_ instance: Instance, steps: Int, at time: Date, other: Instance) -> [String] {
        let time = instance.outcome == .skewed ? time.addingTimeInterval(-365 * 86_400) : time
        let named = instance.outcome == .hostile ? other : instance
        let report = HostReport.of(
            named, at: time, agentVersion: agentVersion, isForged: instance.outcome == .hostile)
        let bytes = (try? Frame.encode(report, version: frame)) ?? []
        if instance.outcome == .truncated { return [String(decoding: bytes.prefix(bytes.count / 2), as: UTF8.self)] }
        return stride(from: 0, to: min(bytes.count, steps * Self.part), by: Self.part).map { start in
            String(decoding: bytes[start..<min(bytes.count, start + Self.part)], as: UTF8.self)
        }
    }
}
