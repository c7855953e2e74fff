import Foundation
import HTTPTypes
import Inventory

/// `/metrics`, for Prometheus.
enum MetricsEndpoint {
    static let path = "/metrics"
}

extension Endpoint {
    /// What watches the collector, and the API's description.
    static func probes(_ catalog: Catalog) -> [Endpoint] {
        [
            Endpoint(
                method: .get, path: "/healthz", scope: nil, summary: "Answers while the process runs.",
                answers: [200: "Health"]
            ) { _ in try .json(["status": "ok"]) },
            Endpoint(
                method: .get, path: "/readyz", scope: nil,
                summary: """
                    Answers 200 with the status ready while reports can be stored and lists can be read, and with the \
                    status spooling while reports can only be kept in the spool. discovery is overdue when no run \
                    completed although the schedule had two.
                    """,
                answers: [200: "Readiness", 503: "Problem", 507: "Problem"]
            ) { call in
                let (backend, control) = (call.backend, call.backend.discovery)
                do {
                    let isOverdue = try await backend.reach.ask {
                        let store = backend.store
                        try store.probe()
                        return try control.map { try $0.isOverdue(store.lastCompletedRun(), now: store.now()) } ?? false
                    }
                    return try .json(["status": "ready", "discovery": isOverdue ? "overdue" : "ok"])
                } catch is StoreReach.Away {
                    if backend.spool?.isFull ?? true { throw Spool.Full(reason: "nine tenths of it, or its disk") }
                    return try .json(["status": "spooling", "discovery": "unknown"])
                }
            },
            Endpoint(
                method: .get, path: MetricsEndpoint.path, scope: .read, summary: "Metrics in Prometheus' text format.",
                answers: [200: "Text"]
            ) { call in
                let backend = call.backend
                try await backend.sampleMetrics()
                let text = backend.metrics.registry.prometheus()
                return Reply(.text("text/plain; version=0.0.4; charset=utf-8"), Array(text.utf8))
            },
            Endpoint(
                method: .get, path: "/openapi.json", scope: .read, isForBound: true, summary: "This description.",
                answers: [200: "Anything"]
            ) { call in
                let version = call.backend.live.value.version
                return Reply(.json, call.backend.description.value { OpenAPI.document(catalog, version: version) })
            },
        ]
    }
}
