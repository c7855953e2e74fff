import AWSClient
import Foundation
import Inventory
import Report

/// Puts the outputs of a document's steps together, and asks once more only for those that were cut.
struct InvocationOutput {
    let client: AWSClient
    /// Where hosts wrote their whole outputs; nil when they did not.
    var files: (hub: AWSClient, bucket: String, prefix: String)?
    let metrics: FleetMetrics

    fileprivate static let end = "-----END DBCENSUS REPORT-----"
    /// What the steps of the document print at most, with room to spare; more is no report.
    static let mostBytes = 1 << 20

    /// What a host printed: of the list of invocations where that is all, else step by step.
    mutating func text(_ invocation: SSM.Invocation) async throws(AWSError) -> String {
        var text = ""
        for step in (invocation.commandPlugins ?? []).filter({ InvocationOutcome.isOutput($0.name) }) {
            let listed = step.output ?? ""
            guard !listed.isEmpty else { continue }
            text += Self.isCut(listed) ? try await whole(step.name, invocation, listed) : listed
            if Self.isWhole(text) || text.contains(Self.end) || text.utf8.count > Self.mostBytes { break }
        }
        return text
    }

    /// Whether the list has only the beginning of an output.
    static func isCut(_ output: String) -> Bool {
        output.hasSuffix(mark) || output.utf8.count >= SSM.listOutputLimit
    }

    /// A beginning with fewer characters proves nothing: other hosts could guess it.
    private static let leastBeginning = 1_000

    /// What is left of an output that was cut, without the mark of the cut.
    static func beginning(_ listed: String) -> Substring {
        var text = listed.hasSuffix(mark) ? listed.dropLast(mark.count) : listed[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static let mark = "---Output truncated---"

    /// Whether an output ends with the end of a frame, as nearly all do: the search of a whole text takes longer.
    fileprivate static func isWhole(_ text: String) -> Bool {
        text.utf8.reversed().drop { $0 <= 0x20 }.starts(with: end.utf8.reversed())
    }

    private mutating func whole(_ step: String, _ invocation: SSM.Invocation, _ listed: String) async throws(AWSError)
        -> String
    {
        metrics.change { $0.longOutputs += 1 }
        if let files {
            let key =
                "\(files.prefix)/\(invocation.commandId)/\(invocation.instanceId)/awsrunShellScript/\(step)/stdout"
            do throws(AWSError) {
                let object = try await files.hub.send(
                    S3.GetObject(bucket: files.bucket, key: key, bytes: 0..<Self.mostBytes))
                let text = String(decoding: object.body, as: UTF8.self)
                // Who may write to the bucket may write another host's object: it has to begin with what AWS has.
                let beginning = Self.beginning(listed).utf8
                if beginning.count >= Self.leastBeginning, text.utf8.starts(with: beginning) { return text }
            } catch  where error.kind != .cancelled {
                // The instance's own role writes it: it may be absent, empty or unreadable.
                if [.network, .timeout].contains(error.kind) { self.files = nil }
            }
        }
        let request = SSM.GetCommandInvocation(
            commandId: invocation.commandId, instanceId: invocation.instanceId, pluginName: step)
        return try await client.send(request).standardOutputContent ?? ""
    }
}

/// What hosts printed, on its way to the inventory.
struct ReportIntake {
    /// What became of one output.
    struct Taken: Sendable, Equatable {
        var reason: Reason
        var detail: String?
        var databases: Int?
    }

    /// JSON of one report: as `limits.report_bytes` allows over HTTP by default, and eight times what an agent writes.
    static let mostReportBytes = 16 << 20
    /// Reports of one batch that are in memory at a time: hostile hosts may print large ones.
    static let mostBytes = 8 << 20

    /// The report in an output, and the bytes of its JSON; without one the reason.
    static func read(
        _ text: String, catalog: Catalog, digests: ([HostIdentity]) throws -> [Int64?]
    ) throws -> (report: IncomingReport?, bytes: Int, failure: Taken?) {
        if isCut(text) { return (nil, 0, Taken(reason: .truncated, detail: "frame_cut")) }
        guard text.utf8.count <= InvocationOutput.mostBytes else {
            return (nil, 0, Taken(reason: .badReport, detail: "output_too_long"))
        }
        // One host has one report: with anything else next to it the output is none.
        let limit = mostReportBytes
        let entries = ReportFile.entries(
            in: Array(text.utf8), limit: limit, frames: limit, each: limit, most: 1, extent: catalog.extent)
        let reports = try IncomingReport.all(entries, catalog: catalog, digests: digests)
        guard let report = reports.first else { return (nil, 0, Taken(reason: .badReport, detail: "no_report")) }
        guard case .unreadable(let error) = report.content else {
            return (report, entries.reduce(0) { $0 + $1.bytes }, nil)
        }
        return (nil, 0, Taken(reason: .badReport, detail: error.code.rawValue))
    }

    /// Whether an output is the beginning of a frame: base64 without the line that ends it.
    private static func isCut(_ text: String) -> Bool {
        guard !InvocationOutput.isWhole(text),
            let begin = text.range(of: "-----BEGIN DBCENSUS REPORT", options: .backwards),
            !text[begin.lowerBound...].contains(InvocationOutput.end),
            let line = text[begin.lowerBound...].firstIndex(of: "\n")
        else { return false }
        var rest = text[text.index(after: line)...]
        for mark in ["---Output truncated---", "--output truncated--"] {
            if let cut = rest.range(of: mark) { rest = rest[..<cut.lowerBound] }
        }
        let others = CharacterSet(charactersIn: "+/=\r\n")
        return rest.unicodeScalars.allSatisfy {
            ($0.isASCII && CharacterSet.alphanumerics.contains($0)) || others.contains($0)
        }
    }

    /// What the store's answer means for the host.
    static func taken(_ result: IngestResult, _ report: IncomingReport) -> Taken {
        guard result.outcome == "rejected" else {
            let count = report.databases
            return Taken(reason: count > 0 ? .ok : .noDatabase, detail: nil, databases: count)
        }
        let isForeign = result.code == Refusal.Code.agentMismatch.rawValue
        return Taken(reason: isForeign ? .agentMismatch : .badReport, detail: isForeign ? nil : result.code)
    }
}
