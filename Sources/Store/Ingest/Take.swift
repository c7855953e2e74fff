import FoundationEssentials
import Inventory

extension InventoryStore {
    /// Stores reports of one sender.
    public func take(_ reports: [IncomingReport], sender: String) throws -> [IngestResult] {
        try take([(reports, sender)], quota: .none)[0]
    }

    /// Observations go in as few transactions as their number allows, rejected reports in another.
    public func take(
        _ groups: [(reports: [IncomingReport], sender: String)], quota: SenderQuota = .none
    ) throws -> [[IngestResult]] {
        let ready = groups.flatMap(\.reports).compactMap { report -> Observation? in
            if case .observation(let observation) = report.content { observation } else { nil }
        }
        // A server tells with each write whether it has room, and this program's schema.
        if file != nil { try probe() }
        // However much comes at once, no transaction keeps other writers out for long.
        var outcomes = try stride(from: 0, to: ready.count, by: IngestBatch.reports).flatMap { start in
            try ingest(Array(ready[start..<min(start + IngestBatch.reports, ready.count)]), quota: quota)
        }[...]
        var letters: [RejectedReport] = []
        let results = groups.map { group in
            group.reports.map { report -> IngestResult in
                switch report.content {
                case .observation(let observation):
                    let outcome = outcomes.removeFirst()
                    if case .rejected(let refusal) = outcome {
                        letters.append(
                            RejectedReport(refusal, observation.body, sender: group.sender, voucher: report.voucher))
                    }
                    return report.result(outcome)
                case .rejected(let refusal, let packed):
                    letters.append(RejectedReport(refusal, packed, sender: group.sender, voucher: report.voucher))
                    return report.result(nil)
                case .unreadable: return report.result(nil)
                }
            }
        }
        try addDeadLetters(letters, quota: quota)
        return results
    }
}
