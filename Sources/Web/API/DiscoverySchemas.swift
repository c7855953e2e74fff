import Inventory

extension Schemas {
    /// The schemas of runs of discovery.
    static func discovery(_ catalog: Catalog) -> [String: JSON] {
        [
            "ScanRequest": [
                "type": "object", "additionalProperties": false,
                "properties": [
                    "accounts": words("^[0-9]{12}$"), "regions": words("^[a-z0-9*-]{1,40}$"),
                    "instances": words("^m?i-[0-9a-f]{8,17}$"), "tags": words("^[^=].{0,399}$"),
                ],
            ],
            "Begun": object(["id": text, "state": state, "url": text]),
            "JobDetail": object([
                "job": reference("Job"), "request": reference("ScanRequest"), "progress": reference("JobProgress"),
            ]),
            "JobProgress": object([
                "id": text, "state": state, "code": textOrNull, "detail": textOrNull, "accounts": number,
                "accounts_done": number, "tasks": number, "tasks_done": number, "scopes": counts, "hosts": number,
                "hosts_done": number, "reasons": counts, "databases": number, "started_at": timeOrNull,
                "ended_at": timeOrNull,
            ]),
            "ResultPage": object([
                "job_id": text, "state": state, "next_cursor": textOrNull,
                "items": ["type": "array", "items": result(catalog)],
            ]),
            "Coverage": object([
                "items": [
                    "type": "array",
                    "items": object([
                        "group": ["type": "object", "additionalProperties": textOrNull], "hosts": number,
                    ]),
                ], "truncated": flag, "hosts": number, "answered": number, "scope_codes": counts,
                "scopes": [
                    "type": "array",
                    "items": object([
                        "account_id": text, "account_name": textOrNull, "region": text, "code": text,
                        "detail": textOrNull, "remedy": textOrNull, "checked_at": text, "listed_at": timeOrNull,
                        "hosts": number,
                    ]),
                ],
            ]),
            "RunCoverage": object([
                "job_id": text, "ended_at": text, "state": state, "hosts": number, "answered": number,
                "reasons": counts, "scopes": counts,
            ]),
            "RunCoverageList": page("RunCoverage"),
        ]
    }

    private static let counts: JSON = ["type": "object", "additionalProperties": ["type": "integer"]]
    private static let state: JSON = [
        "type": "string", "enum": .list(JobState.allCases.map { .text($0.rawValue) }),
    ]

    private static func words(_ pattern: String) -> JSON {
        [
            "type": "array", "maxItems": .number(ScanRequest.most),
            "items": ["type": "string", "pattern": .text(pattern)],
        ]
    }

    /// A row of `results`, perhaps with the databases of its report.
    private static func result(_ catalog: Catalog) -> JSON {
        row(
            catalog.results,
            optional: [
                "database_rows": ["type": ["array", "null"], "items": reference("ReportDatabase")]
            ])
    }
}
