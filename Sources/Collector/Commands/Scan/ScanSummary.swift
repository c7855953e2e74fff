import Foundation
import Inventory
import Report
import Terminal

/// What a run found, for people and for programs.
struct ScanSummary {
    let progress: JobProgress

    func write(_ format: ScanCommand.Format) throws {
        guard format == .text else { return try Output.print(try JSONText.of(progress)) }
        var lines = ["Run \(PlainText.neutralised(progress.id)): \(progress.state.rawValue)\(took)"]
        if let detail = progress.detail { lines.append(PlainText.neutralised(detail)) }
        lines.append("")
        lines += table(
            "REASON", "HOSTS", progress.reasons,
            Reason.allCases.map { ($0.rawValue, $0.remedy) })
        let scopes = progress.scopes.filter { $0.key != ScopeCode.ok.rawValue }
        if !scopes.isEmpty {
            lines.append("")
            lines += table("ACCOUNTS AND REGIONS", "COUNT", scopes, ScopeCode.allCases.map { ($0.rawValue, $0.remedy) })
        }
        let addresses =
            Reason.allCases.filter { $0.isFailure && progress.reasons[$0.rawValue] ?? 0 > 0 }.map(Manual.address)
            + ScopeCode.allCases.filter { $0.isFailure && scopes[$0.rawValue] != nil }.map(Manual.address)
        if !addresses.isEmpty { lines.append("") }
        lines += addresses.map { "See \($0)" }
        lines.append("")
        lines.append(
            "\(progress.databases) databases on \(progress.answered) hosts that answered, in \(progress.accounts) accounts."
        )
        try Output.print(lines.joined(separator: "\n") + "\n")
    }

    private var took: String {
        guard let start = progress.started_at.flatMap(Timestamp.parse),
            let end = progress.ended_at.flatMap(Timestamp.parse)
        else { return "" }
        return " in \(Units.duration(end.timeIntervalSince(start)))"
    }

    private func table(
        _ title: String, _ number: String, _ counts: [String: Int], _ order: [(name: String, remedy: String?)]
    ) -> [String] {
        var table = Table([.init(title), .init(number, right: true), .init("WHAT TO DO", fit: .cutEnd)])
        for (name, remedy) in order {
            guard let count = counts[name], count > 0 else { continue }
            table.add([name, "\(count)", remedy ?? ""])
        }
        return table.lines(width: Talk.width(default: 120))
    }

    /// Ends the process with the status that the run deserves; returns for 0.
    func exit() throws {
        func fail(_ code: ExitStatus, _ message: String) -> CollectorError {
            CollectorError(exitCode: code, message: message)
        }
        switch progress.state {
        case .halted: throw fail(.halted, "the run was halted: \(progress.detail ?? "too many hosts failed")")
        case .failed:
            throw fail(.noRun, "the run could not start: \(progress.detail ?? "see `dbcensus-collector doctor`")")
        case .cancelled:
            throw fail(
                .someFailed, "the run was cancelled: `dbcensus-collector jobs retry \(progress.id)` continues it")
        default: break
        }
        if progress.answered == 0, progress.failures + progress.failedScopes > 0 {
            throw fail(
                .noRun, "no host answered: `dbcensus-collector jobs results \(progress.id)` shows why and what to do")
        }
        guard progress.failures + progress.failedScopes > 0 else { return }
        var parts: [String] = []
        if progress.failures > 0 { parts.append("\(progress.failures) hosts did not answer") }
        if progress.failedScopes > 0 {
            parts.append("\(progress.failedScopes) accounts or regions could not be listed")
        }
        throw fail(.someFailed, parts.joined(separator: ", ") + ": see `dbcensus-collector coverage`")
    }
}
