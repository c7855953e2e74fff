import HTTPTypes
import Inventory

extension Endpoint {
    /// Databases, and what happened to them.
    static func databases(_ catalog: Catalog) -> [Endpoint] {
        [
            .list(base + "/databases", "Databases, missing ones included.", catalog.databases),
            Endpoint(
                method: .get, path: base + "/databases/{id}", scope: .read, isForBound: true,
                summary: """
                    A database, with its entry in the report that saw it last. Write the slashes in the id as %2F.
                    """,
                answers: [200: "DatabaseDetail", 404: "Problem"]
            ) { call in
                let bounds = call.bounds
                guard let id = DatabaseID(call.path["id"] ?? ""),
                    let detail = try await call.readDetail({ try $0.database(id, bounds: bounds) })
                else { throw Problem.notFound("database") }
                return try .json(detail)
            },
            .list(
                base + "/databases/{id}/history", "A database's changes, the last one first.", catalog.changes,
                of: "database"),
            Endpoint(
                method: .get, path: base + "/databases/{id}/sizes", scope: .read, isForBound: true,
                summary: "A database's sizes, the first one first: all of the last 30 days, and one a day before that.",
                parameters: [
                    Parameter(name: "limit", help: "At most this many, 1 to 1000 (100).", isNumber: true),
                    Parameter(name: "cursor", help: "The next_cursor of the page before, which is a time."),
                ], answers: [200: "SizeList", 400: "Problem", 404: "Problem"]
            ) { call in
                let limit = try call.number("limit", 1...ListRequest.maximumLimit) ?? 100
                let (after, bounds) = (call.one("cursor") ?? "", call.bounds)
                guard let id = DatabaseID(call.path["id"] ?? ""),
                    let page = try await call.withStore({ try $0.sizes(id, after: after, limit: limit, bounds: bounds) }
                    )
                else { throw Problem.notFound("database") }
                return try .json(page)
            },
            .list(base + "/changes", "What changed, the last recorded change first.", catalog.changes),
            stats(catalog),
        ]
    }

    private static func stats(_ catalog: Catalog) -> Endpoint {
        let names = catalog.counted.compactMap(\.filter?.name)
        return Endpoint(
            method: .get, path: base + "/stats", scope: .read, isForBound: true,
            summary: "Databases counted, the largest group first.",
            parameters: [
                Parameter(
                    name: "group_by",
                    help: "Columns, separated by commas: \((names + Stats.more).joined(separator: ", ")).")
            ] + names.map { Parameter(name: $0, help: "Only databases with this \($0).", isList: true) },
            answers: [200: "Stats", 400: "Problem"]
        ) { call in
            let columns = (call.one("group_by") ?? "").split(separator: ",").map(String.init)
            let conditions = call.query.filter { $0.name != "group_by" }.flatMap { Condition.parse($0.name, $0.value) }
            let bounds = call.bounds
            return try .json(
                try await call.withStore { try $0.stats(groupBy: columns, conditions: conditions, bounds: bounds) })
        }
    }
}
