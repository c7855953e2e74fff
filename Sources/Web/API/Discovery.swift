import Foundation
import HTTPTypes
import HummingbirdCore
import Inventory

extension Endpoint {
    /// Runs of discovery, and how much of the organisation they reach.
    static func discovery(_ catalog: Catalog) -> [Endpoint] {
        let tasks = list(
            base + "/jobs/{id}/tasks", "The accounts and regions of a run.", catalog.tasks, isForBound: false,
            of: "job_id"
        ) { call in
            let id = call.path["id"] ?? ""
            guard try await call.withStore({ try $0.job(id) }) != nil else { throw Problem.notFound("run") }
            return id
        }
        return [
            Endpoint(
                method: .post, path: base + "/scans", scope: .scan,
                summary: "Begins a run of discovery. The same Idempotency-Key gives the same run.",
                answers: [200: "Begun", 202: "Begun", 400: "Problem", 409: "Problem"], body: .json("ScanRequest")
            ) { try await $0.beginScan() },
            list(base + "/jobs", "Runs of discovery, the last one first.", catalog.jobs, isForBound: false),
            Endpoint(
                method: .get, path: base + "/jobs/{id}", scope: .read, summary: "A run, and how far it is.",
                answers: [200: "JobDetail", 404: "Problem"]
            ) { try await $0.job() },
            tasks,
            Endpoint(
                method: .get, path: base + "/jobs/{id}/events", scope: .read,
                summary: """
                    How far a run is, as server-sent events: one for each change, until it ends or ten minutes are over.
                    """, answers: [200: "Events", 404: "Problem"]
            ) { try await $0.jobEvents() },
            Endpoint(
                method: .post, path: base + "/jobs/{id}/cancel", scope: .scan,
                summary: "Cancels a run: nothing further is sent, and commands under way are cancelled.",
                answers: [200: "JobDetail", 404: "Problem", 409: "Problem"]
            ) { try await $0.cancelJob() },
            Endpoint(
                method: .post, path: base + "/jobs/{id}/retry", scope: .scan,
                summary: "Asks what failed in an ended run again.",
                answers: [200: "JobDetail", 404: "Problem", 409: "Problem"]
            ) { try await $0.retryJob() },
            results(catalog),
            list(
                base + "/instances", "Instances that EC2 or SSM listed, also those that cannot be asked.",
                catalog.instances),
            coverage(),
            Endpoint(
                method: .get, path: base + "/coverage/history", scope: .read, isForBound: true,
                summary: "The coverage of the runs that ended, the last one first.",
                parameters: [
                    Parameter(name: "limit", help: "At most this many, 1 to 1000 (100).", isNumber: true)
                ], answers: [200: "RunCoverageList", 400: "Problem"]
            ) { call in
                let limit = try call.number("limit", 1...ListRequest.maximumLimit) ?? 100
                let bounds = call.bounds
                return try .json(
                    Page(
                        items: try await call.withStore { try $0.coverageHistory(limit: limit, bounds: bounds) },
                        next_cursor: nil))
            },
        ]
    }

    private static func coverage() -> Endpoint {
        Endpoint(
            method: .get, path: base + "/coverage", scope: .read, isForBound: true,
            summary: "Instances counted, the largest group first, and the scopes that could not be listed.",
            parameters: [
                Parameter(
                    name: "group_by",
                    help: """
                        Columns, separated by commas (account,region,reason): \
                        \(Coverage.columns.joined(separator: ", ")), tag:KEY, account_tag:KEY.
                        """)
            ]
                + Coverage.columns.map {
                    Parameter(name: $0, help: "Only instances with this \($0.replacing("_", with: " ")).", isList: true)
                }, answers: [200: "Coverage", 400: "Problem"]
        ) { call in
            let columns = (call.one("group_by") ?? "account,region,reason").split(separator: ",").map(String.init)
            let conditions = call.query.filter { $0.name != "group_by" }.flatMap { Condition.parse($0.name, $0.value) }
            let bounds = call.bounds
            return try .json(
                try await call.withStore { try $0.coverage(groupBy: columns, conditions: conditions, bounds: bounds) })
        }
    }

    /// One row a host of a run, also after later runs.
    private static func results(_ catalog: Catalog) -> Endpoint {
        var endpoint = list(base + "/results", "What became of each host of a run.", catalog.results)
        let page = endpoint.run
        endpoint.parameters.append(
            Parameter(
                name: "include",
                help: "databases adds the databases of each host's report as database_rows. Then limit is at most 100.")
        )
        endpoint.answers[200] = "ResultPage"
        endpoint.answers[404] = "Problem"
        endpoint.run = { call in
            guard let id = call.one("job_id"), call.query.count(where: { $0.name == "job_id" }) == 1 else {
                throw Problem(
                    .badRequest, "bad_request", "the parameter job_id is missing or repeated: add job_id=ID once")
            }
            guard let job = try await call.withStore({ try $0.job(id) }) else { throw Problem.notFound("run") }
            let include = call.one("include")
            guard include == nil || include == "databases" else {
                throw Problem(.badRequest, "bad_request", "invalid include: the only value is databases")
            }
            // CSV and NDJSON have the rows alone.
            let accept = call.request.headers[.accept] ?? ""
            if include == nil, !accept.contains("application/json"),
                ["text/csv", "x-ndjson"].contains(where: accept.contains)
            {
                return try await page(call)
            }
            return try await call.results(of: job, catalog.results, withDatabases: include != nil)
        }
        return endpoint
    }
}
