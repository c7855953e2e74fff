import Foundation
import HTTPTypes
import HummingbirdCore
import Inventory
import Report
import ServiceLifecycle

/// What `POST scans` answers.
struct BegunScan: Encodable {
    var id: String
    var state: JobState
    /// Where to follow it.
    var url: String
}

extension Call {
    private var control: any DiscoveryControl {
        get throws {
            guard let control = backend.discovery else {
                throw Problem(
                    .serviceUnavailable, "no_discovery",
                    "cannot begin a run: discovery does not run in this collector. Ask one that was started with `serve`"
                )
            }
            return control
        }
    }

    private var actor: String { token?.id ?? "-" }

    func beginScan() async throws -> Reply {
        let bytes = try await collect(upTo: 256 << 10)
        let asked: ScanRequest
        do {
            asked = bytes.isEmpty ? ScanRequest() : try JSONDecoder().decode(ScanRequest.self, from: Data(bytes))
        } catch {
            throw Problem(
                .badRequest, "bad_request",
                "the body is not a valid ScanRequest: it may have the lists accounts, regions, instances and tags")
        }
        let key = request.headers[.idempotencyKey]
        guard key.map({ 1...255 ~= $0.utf8.count }) ?? true else {
            throw Problem(.badRequest, "bad_request", "invalid Idempotency-Key: write 1 to 255 characters")
        }
        let (control, actor, trace) = (try control, actor, request.headers[.traceparent])
        let begun = try await withStore { _ in
            try control.begin(asked, origin: "api", requestedBy: actor, traceparent: trace, idempotencyKey: key)
        }
        control.wake()
        let url = "\(Endpoint.base)/jobs/\(begun.job.id)"
        var reply = try Reply.json(
            BegunScan(id: begun.job.id, state: begun.job.state, url: url), status: begun.isNew ? .accepted : .ok)
        reply.headers[.location] = url
        return reply
    }

    func job() async throws -> Reply {
        let id = path["id"] ?? ""
        let detail = try await withStore { try $0.fullJob(id) }
        guard let detail else { throw Problem.notFound("run") }
        return try .json(detail)
    }

    func cancelJob() async throws -> Reply {
        let (id, actor) = (path["id"] ?? "", actor)
        let isKnown = try await withStore { store -> Bool in
            guard let job = try store.job(id) else { return false }
            let isStopped = try store.stopJob(
                id, as: .cancelled, code: "cancelled", detail: "cancelled by \(actor)", now: store.now())
            guard isStopped || job.stop != nil, !job.state.isEnded else {
                throw StoreError(.conflict, "the run \(id) has ended: it cannot be cancelled")
            }
            return true
        }
        guard isKnown else { throw Problem.notFound("run") }
        backend.discovery?.wake()
        return try await job()
    }

    func retryJob() async throws -> Reply {
        let id = path["id"] ?? ""
        let count = try await withStore { try $0.retryJob(id, now: $0.now()) }
        guard count != nil else { throw Problem.notFound("run") }
        backend.discovery?.wake()
        return try await job()
    }

    /// A page of a run's results, with the run's state.
    func results(of job: Job, _ list: List, withDatabases: Bool) async throws -> Reply {
        var request = try listRequest(Set(list.filters.map(\.name)))
        if withDatabases { request.limit = min(request.limit, 100) }
        let asked = request
        let (page, items) =
            withDatabases
            ? try await readDetail { try Self.withDatabases($0, list, asked) }
            : try await withStore { store in
                let page = try store.page(list, asked)
                return (page, page.items.map { ResultRow(row: $0, databases: nil) })
            }
        return try .json(
            ResultPage(job: job, items: items, next_cursor: page.next_cursor))
    }

    /// Databases in one page of results.
    private static let mostDatabases = 20_000

    /// A page with the databases of each result's report. It is shorter when they are too many.
    private static func withDatabases(
        _ store: any WebStore, _ list: List, _ asked: ListRequest
    ) throws -> (Page<ListRow>, [ResultRow]) {
        var page = try store.page(list, asked)
        var rows: [ResultRow] = []
        var left = mostDatabases
        for item in page.items where left > 0 {
            let found = try item.report_id.integer.flatMap { try store.databases(ofReport: $0) }
            left -= found?.count ?? 0
            rows.append(ResultRow(row: item, databases: .some(found)))
        }
        if rows.count < page.items.count {
            // The next page begins after the last row of this one.
            var shorter = asked
            shorter.limit = rows.count
            page = try store.page(list, shorter)
        }
        return (page, rows)
    }

    func jobEvents() async throws -> Reply {
        let id = path["id"] ?? ""
        guard try await withStore({ try $0.progress(id) }) != nil else { throw Problem.notFound("run") }
        let events = JobEvents(self, id)
        return Reply(.events) { try await events.next() }
    }
}

/// A page of results, and whether more may come.
private struct ResultPage: Encodable {
    var job_id: String
    var state: JobState
    var items: [ResultRow]
    @ExplicitNull var next_cursor: String?

    init(job: Job, items: [ResultRow], next_cursor: String?) {
        (job_id, state, self.items) = (job.id, job.state, items)
        self.next_cursor = next_cursor
    }
}

/// A host of a run, perhaps with its databases.
private struct ResultRow: Encodable {
    var row: ListRow
    /// Nil without them; an inner nil when the report is no longer kept.
    var databases: [ListRow]??

    private enum Key: String, CodingKey { case database_rows }

    func encode(to encoder: any Encoder) throws {
        try row.encode(to: encoder)
        guard let databases else { return }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(databases, forKey: .database_rows)
    }
}

/// How far a run is, event by event.
private actor JobEvents {
    private let call: Call
    private let id: String
    private var last: JobProgress?
    private var isAtEnd = false
    private let end = ContinuousClock.now + .seconds(600)
    private static let pause = Duration.seconds(1)
    /// A comment keeps the connection open when nothing changes.
    private static let quiet = 15

    init(_ call: Call, _ id: String) { (self.call, self.id) = (call, id) }

    func next() async throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        for second in 0... {
            let id = id
            guard let progress = try await call.withStore({ try $0.progress(id) }) else { return nil }
            if progress != last {
                last = progress
                isAtEnd = progress.state.isEnded
                let json = try Report.encoder(.minified).encode(progress)
                return Array("event: \(isAtEnd ? "end" : "progress")\ndata: ".utf8) + Array(json) + Array("\n\n".utf8)
            }
            guard ContinuousClock.now < end, !Task.isShuttingDownGracefully, !Task.isCancelled else { return nil }
            if second == Self.quiet { return Array(": nothing changed\n\n".utf8) }
            try await Task.sleep(for: Self.pause)
        }
        return nil
    }
}

extension HTTPField.Name {
    static let idempotencyKey = known("Idempotency-Key")
    static let traceparent = known("traceparent")
}
