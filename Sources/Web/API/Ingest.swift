import Foundation
import HTTPTypes
import HummingbirdCore
import Inventory
import Logging
import Report

extension Call {
    /// `POST reports`: room for the body first, then its reports, then one answer for all of them.
    func ingest() async throws -> Reply {
        let limits = backend.live.value.limits
        if let coding = request.headers[.contentEncoding]?.lowercased(), !["gzip", "identity"].contains(coding) {
            throw Problem(
                .unsupportedMediaType, "unsupported_encoding", "send the body as it is, or with Content-Encoding: gzip")
        }
        let sender = token?.id ?? "-"
        var room = 0
        defer { backend.queue.release(room, of: sender) }
        // Room is taken as bytes come: a client that only promises them takes none from others.
        let queue = backend.queue
        let bytes = try await collect(upTo: limits.bodyBytes) { count in
            try queue.reserve(count, for: sender)
            room += count
        }
        // What it may inflate to, at the most that deflate packs (zlib's technical details: 1032 to 1).
        let most = bytes.count > limits.inflatedBytes / Self.ratio ? limits.inflatedBytes : bytes.count * Self.ratio
        var taken = try await queue.memory.take(most, for: sender)
        defer { queue.memory.release(taken, of: sender) }
        let catalog = backend.store.catalog
        let entries = try await Blocking.parse(most) {
            ReportFile.entries(
                in: bytes, limit: limits.inflatedBytes, frames: limits.inflatedBytes, each: limits.reportBytes,
                most: limits.reports, values: 100_000, extent: catalog.extent)
        }
        let needed = min(taken, entries.reduce(0) { $0 + $1.bytes })
        queue.memory.release(taken - needed, of: sender)
        taken = needed
        if entries.count == 1, case .failure(let error) = entries[0].json, error.code == .tooMany {
            throw Problem(.contentTooLarge, "too_many_reports", error.message)
        }
        var results: [IngestResult] = []
        var hasReport = false
        for part in Self.parts(of: entries) {
            let reports = try await reports(entries[part], sender: sender)
            // What is no report needs no place in a commit.
            let isNothing = reports.allSatisfy { if case .unreadable = $0.content { true } else { false } }
            hasReport = hasReport || !isNothing
            results += isNothing ? reports.map { $0.result(nil) } : try await queue.store(reports, sender: sender)
        }
        for result in results { note(result) }
        guard results.allSatisfy({ $0.outcome == "rejected" }) else {
            let isSpooled = results.contains { $0.outcome == IngestResult.spooled }
            return try .json(Page(items: results, next_cursor: nil), status: isSpooled ? .accepted : .ok)
        }
        throw Self.problem(results, hasReport: hasReport)
    }

    /// The reports of entries; those that a host has sent before are not decoded.
    private func reports(_ entries: ArraySlice<ReportFile.Entry>, sender: String) async throws -> [IncomingReport] {
        let (store, catalog, bounds) = (backend.store, backend.store.catalog, bounds)
        let bytes = entries.reduce(0) { $0 + $1.bytes }
        guard backend.spool != nil else {
            return try await Blocking.parse(bytes) {
                try IncomingReport.all(entries, sender: sender, bounds: bounds, catalog: catalog) {
                    try store.digests(of: $0)
                }
            }
        }
        // The threads that read bodies do not wait for a store that may be away.
        var known: [Int64?]?
        if !backend.reach.isCutOff {
            let hosts = try await Blocking.parse(bytes) { IncomingReport.hosts(entries, catalog: catalog) }
            do { known = try await backend.reach.ask { try store.digests(of: hosts) } } catch is StoreReach.Away {}
        }
        return try await Blocking.parse(bytes) { [known] in
            IncomingReport.all(entries, sender: sender, bounds: bounds, catalog: catalog) { hosts in
                known ?? hosts.map { _ in nil }
            }
        }
    }

    /// The answer when no report was stored.
    private static func problem(_ results: [IngestResult], hasReport: Bool) -> Problem {
        var problem =
            hasReport
            ? Problem(.unprocessableContent, "rejected", "every report was rejected; see /api/v1/dead-letters")
            : Problem(.badRequest, "no_report", "no report could be read from the body")
        if let reset = results.first(where: { $0.code == IngestResult.overQuota })?.retry_at {
            let seconds = Timestamp.parse(reset).map { max(1, Int($0.timeIntervalSinceNow.rounded(.up))) }
            problem = Problem(
                .tooManyRequests, IngestResult.overQuota,
                "the token has used up its daily quota: send the reports again after \(reset)", retryAfter: seconds)
        }
        problem.items = results
        return problem
    }

    /// The most that deflate packs.
    private static let ratio = 1_032
    /// Bytes of JSON that are read to reports at a time.
    private static let partBytes = 4 << 20

    /// The entries in parts that are stored one after the other, so that a large body is never in memory as reports.
    private static func parts(of entries: [ReportFile.Entry]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (index, entry) in entries.enumerated() {
            bytes += entry.bytes
            guard bytes >= partBytes || index - start + 1 == IngestBatch.reports || index == entries.count - 1
            else { continue }
            parts.append(start..<index + 1)
            (start, bytes) = (index + 1, 0)
        }
        return parts
    }

    /// Counts what became of a report, and logs it with its host.
    private func note(_ result: IngestResult) {
        backend.metrics.reports.add([("outcome", result.outcome)])
        let isRejected = result.outcome == "rejected"
        var metadata: Logger.Metadata = ["request_id": "\(requestID)", "outcome": "\(result.outcome)"]
        metadata["token"] = token.map { "\($0.id)" }
        metadata["host"] = result.host_id.map { "\($0)" }
        metadata["reason"] = result.reason.map { "\($0.prefix(200))" }
        backend.logger.log(
            level: isRejected ? .info : .debug, isRejected ? "report rejected" : "report stored", metadata: metadata)
    }
}
