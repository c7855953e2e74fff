import HTTPTypes
import Inventory

extension Endpoint {
    /// Reports and dead letters.
    static func reports(_ catalog: Catalog) -> [Endpoint] {
        [
            Endpoint(
                method: .post, path: base + "/reports", scope: .ingest, isForBound: true,
                summary: """
                    Stores reports: frames, gzip, JSON texts or NDJSON, one or many. The answer comes when they are durable: \
                    202 when some of them wait in the collector's spool, because the store cannot be reached.
                    """,
                answers: [
                    200: "IngestList", 202: "IngestList", 400: "Problem", 413: "Problem", 415: "Problem",
                    422: "Problem", 503: "Problem",
                    507: "Problem",
                ], body: .reports
            ) { try await $0.ingest() },
            .list(
                base + "/dead-letters", "Reports that were rejected, the last received first.", catalog.deadLetters,
                isForBound: false),
            Endpoint(
                method: .get, path: base + "/dead-letters/{id}", scope: .read,
                summary: "A rejected report, byte for byte as it came.",
                answers: [200: "Anything", 404: "Problem"]
            ) { call in
                guard let id = Int64(call.path["id"] ?? ""),
                    let body = try await call.withStore({ try $0.deadLetterBody(id) })
                else { throw Problem.notFound("dead letter") }
                return Reply(.json, body)
            },
            Endpoint(
                method: .post, path: base + "/dead-letters/{id}/retry", scope: .admin,
                summary: "Tries a rejected report again, and removes it when it is stored.",
                parameters: [
                    Parameter(
                        name: "take_over",
                        help: "true lets its sender report for the host from now on (for foreign_sender).")
                ], answers: [200: "Ingest", 400: "Problem", 404: "Problem"]
            ) { call in
                let takesOver = call.one("take_over") ?? "false"
                guard ["true", "false"].contains(takesOver) else {
                    throw Problem(.badRequest, "bad_request", "take_over must be true or false")
                }
                guard let id = Int64(call.path["id"] ?? ""),
                    let outcome = try await call.withStore({
                        try $0.retryDeadLetter(id, takesOver: takesOver == "true", now: nil)
                    })
                else { throw Problem.notFound("dead letter") }
                return try .json(IngestResult(byte: 0, outcome))
            },
        ]
    }
}
