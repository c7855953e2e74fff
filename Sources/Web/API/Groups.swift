import HTTPTypes
import Inventory

extension Endpoint {
    /// Accounts and clusters.
    static func groups(_ catalog: Catalog) -> [Endpoint] {
        [
            Endpoint(
                method: .get, path: base + "/accounts", scope: .read, isForBound: true,
                summary: "AWS accounts of the organisation, and those whose hosts reported.",
                answers: [200: "AccountList"]
            ) { call in
                let bounds = call.bounds
                return try .json(
                    Page(items: try await call.withStore { try $0.accounts(bounds: bounds) }, next_cursor: nil))
            },
            Endpoint(
                method: .get, path: base + "/clusters", scope: .read, isForBound: true,
                summary: "Databases that share an identity: members of one cluster, or copies of one another.",
                parameters: [
                    Parameter(name: "limit", help: "At most this many, 1 to 1000 (100).", isNumber: true),
                    Parameter(name: "cursor", help: "The next_cursor of the page before."),
                ], answers: [200: "ClusterList", 400: "Problem"]
            ) { call in
                let limit = try call.number("limit", 1...ListRequest.maximumLimit) ?? 100
                let (after, bounds) = (call.one("cursor"), call.bounds)
                return try .json(
                    try await call.withStore { try $0.clusters(after: after, limit: limit, bounds: bounds) })
            },
        ]
    }
}
