import Fleet
import Foundation
import Terminal

/// A plan for people and for programs.
struct DeployOutput {
    let plan: DeploymentPlan
    var settings: DiscoverySettings?
    /// Whether it was carried out.
    var isDone = false

    private struct Answer: Encodable {
        var plan: DeploymentPlan
        var plan_digest: String
        var is_applied: Bool
    }

    func write(_ format: ScanCommand.Format) throws {
        let digest = try plan.digest()
        guard format == .text else {
            return try Output.print(
                try JSONText.of(Answer(plan: plan, plan_digest: digest, is_applied: isDone)))
        }
        let what = plan.version.map { "\(plan.document), version \($0)" } ?? plan.document
        var lines = ["Account:   \(plan.account)", "Document:  \(what)"]
        if let sha256 = plan.sha256 { lines.append("SHA-256:   \(sha256)") }
        lines.append("Regions:   \(plan.regions.joined(separator: ", "))")
        lines += plan.notes.map { "Note:      \($0)" }
        lines.append("")
        if plan.steps.isEmpty {
            lines.append("Nothing has to change.")
        } else {
            var table = Table([.init("STEP"), .init("REGION"), .init("WHAT", fit: .cutEnd)])
            for step in plan.steps { table.add([step.kind.rawValue, step.region, Self.what(step)]) }
            lines += table.lines(width: Talk.width(default: 160))
            lines.append("")
            lines.append(
                isDone
                    ? "\(plan.steps.count) steps are done."
                    : "\(plan.steps.count) steps would be done. Nothing was changed.")
        }
        if !isDone { lines.append("Plan digest: \(digest)") }
        lines += configuration
        try Output.print(lines.map { PlainText.neutralised($0) + "\n" }.joined())
    }

    /// The settings that run this release and no other document.
    private var configuration: [String] {
        guard let settings, let sha256 = plan.sha256, plan.version != ReleaseFiles.cleaning.version else { return [] }
        var lines = ["", "Configure the collector so that it runs this document and no other:", "", "    discovery:"]
        lines.append("      document: \(settings.document.name)")
        lines.append("      document_hash: \(sha256)")
        if let previous = plan.previous {
            lines.append("      previous_document_hash: \(previous)  # until every region has the new one")
        }
        return lines
    }

    /// Says each step on standard error before it begins.
    static func teller(_ plan: DeploymentPlan) -> (DeploymentPlan.Step) -> Void {
        var number = 0
        return { step in
            number += 1
            Talk.say("\(number)/\(plan.steps.count) \(PlainText.neutralised(line(step)))")
        }
    }

    /// A step in one line.
    private static func line(_ step: DeploymentPlan.Step) -> String {
        "\(step.kind.rawValue) in \(step.region): \(what(step))"
    }

    private static func what(_ step: DeploymentPlan.Step) -> String {
        var words = [step.target]
        if let sha256 = step.sha256 { words.append("SHA-256 \(sha256.prefix(16))…") }
        if let replaces = step.replaces { words.append("instead of \(replaces.prefix(16))…") }
        if let accounts = step.accounts {
            let more = accounts.count > 3 ? " and \(accounts.count - 3) more" : ""
            words.append(
                "\(accounts.count == 1 ? "account" : "accounts") \(accounts.prefix(3).joined(separator: ", "))\(more)")
        }
        return words.joined(separator: ", ")
    }
}
