import Foundation
import Inventory
import Report

/// A report that waits on the collector's own disk until the store can be reached: one line of JSON in a file of the
/// spool.
struct SpooledReport: Codable, Sendable, Equatable {
    /// The id of the token that sent it.
    var sender: String
    /// When it was received: RFC 3339, UTC.
    var received_at: String
    /// Its compressed bytes, as they came; Base64 in JSON.
    var body: Data

    /// What is kept of a report; nil for what the store would keep nothing of either.
    init?(_ report: IncomingReport, sender: String, at time: String) {
        switch report.content {
        case .observation(let observation): body = Data(observation.body)
        case .rejected(_, let packed): body = Data(packed)
        case .unreadable: return nil
        }
        self.sender = sender
        received_at = time
    }

    /// The report in a line; nil for what is none.
    init?(line: some Sequence<UInt8>) {
        guard let report = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
        self = report
    }

    /// The line, with its end.
    func line() throws -> [UInt8] { try Array(Report.encoder(.minified).encode(self)) + [UInt8(ascii: "\n")] }
}

extension IncomingReport {
    /// What its sender is told once it is in the spool.
    var spooledResult: IngestResult {
        guard case .observation = content else { return result(nil) }
        var spooled = IngestResult(byte: byte, outcome: IngestResult.spooled)
        spooled.place = path
        return spooled
    }
}
