import Store

/// The schemas of what the API answers, for its description; a test holds real answers to them.
enum Schemas {
    static let all: [String: JSON] = objects.merging(lists) { $1 }.merging(others) { $1 }

    private static let text: JSON = ["type": "string"]
    private static let number: JSON = ["type": "integer"]
    private static let flag: JSON = ["type": "boolean"]
    private static let textOrNull: JSON = ["type": ["string", "null"]]
    private static let numberOrNull: JSON = ["type": ["integer", "null"]]
    private static let flagOrNull: JSON = ["type": ["boolean", "null"]]
    private static let time: JSON = ["type": "string", "format": "date-time"]
    private static let timeOrNull: JSON = ["type": ["string", "null"], "format": "date-time"]

    private static func reference(_ schema: String) -> JSON { ["$ref": .text("#/components/schemas/" + schema)] }
    private static func list(_ schema: String) -> JSON { ["type": "array", "items": reference(schema)] }

    /// An object with all of these members and no others.
    private static func object(_ members: [String: JSON], optional: [String: JSON] = [:]) -> JSON {
        [
            "type": "object", "properties": .object(members.merging(optional) { $1 }),
            "required": .list(members.keys.sorted().map { .text($0) }), "additionalProperties": false,
        ]
    }

    private static let objects: [String: JSON] = [
        "Database": object([
            "id": text, "key": text, "host_id": text, "hostname": textOrNull, "account_id": textOrNull,
            "region": textOrNull, "engine": text, "vendor": textOrNull, "version": textOrNull,
            "version_precision": textOrNull,
            "state": ["type": "string", "enum": ["running", "stopped", "installed"]], "address": textOrNull,
            "port": numberOrNull, "exposure": textOrNull, "role": textOrNull, "data_directory": textOrNull,
            "container": textOrNull, "container_image": textOrNull, "cluster_id": textOrNull, "bytes": numberOrNull,
            "bytes_at": timeOrNull, "bytes_complete": flagOrNull, "first_seen": time, "last_seen": time,
            "missing_since": timeOrNull,
        ]),
        "Host": object([
            "id": text, "hostname": textOrNull, "account_id": textOrNull, "region": textOrNull,
            "instance_id": textOrNull, "machine_id": textOrNull, "os": textOrNull, "os_id": textOrNull,
            "os_version": textOrNull, "kernel": textOrNull, "architecture": textOrNull, "cpus": numberOrNull,
            "memory_bytes": numberOrNull, "databases": number,
            "scan_status": ["type": "string", "enum": ["complete", "partial"]], "agent_version": text,
            "first_seen": time, "last_seen": time, "sender": textOrNull, "retired_at": timeOrNull,
        ]),
        "HostEvent": object([
            "id": number, "at": time, "host_id": text,
            "kind": ["type": "string", "enum": .list(HostEvent.allCases.map { .text($0.rawValue) })],
            "source": text, "before": textOrNull, "after": textOrNull,
        ]),
        "Change": object([
            "id": number, "at": time,
            "kind": [
                "type": "string",
                "enum": [
                    "appeared", "missing", "returned", "version_changed", "vendor_changed", "moved", "state_changed",
                    "exposure_changed", "role_changed",
                ],
            ], "database_id": text, "host_id": text, "hostname": textOrNull, "account_id": textOrNull,
            "region": textOrNull, "engine": text, "key": text, "field": textOrNull, "before": textOrNull,
            "after": textOrNull, "report_id": number,
        ]),
        "Account": object([
            "id": text, "hosts": number, "databases": number, "stopped": number, "missing": number, "first_seen": time,
            "last_seen": time,
        ]),
        "Cluster": object([
            "id": text, "engine": text, "databases": number, "stopped": number, "missing": number, "hosts": number,
            "roles": textOrNull, "versions": textOrNull,
        ]),
        "Size": object(["at": time, "bytes": numberOrNull, "bytes_complete": flagOrNull]),
        "DeadLetter": object([
            "id": number, "received_at": time, "source": text, "code": text, "message": text, "attempts": number,
            "tried_at": time, "body_bytes": number,
        ]),
        "Token": object([
            "id": text, "name": text, "scopes": text, "loopback_only": flag, "created_at": time,
            "expires_at": timeOrNull, "revoked_at": timeOrNull, "last_used_at": timeOrNull, "accounts": textOrNull,
            "regions": textOrNull, "hosts": textOrNull, "any_sender": flag,
        ]),
        "MadeToken": object(["token": text, "id": text, "name": text, "scopes": text, "expires_at": timeOrNull]),
        "Audit": object([
            "id": number, "at": time, "actor": text, "address": textOrNull, "action": text, "target": textOrNull,
            "status": numberOrNull, "request_id": textOrNull, "count": number,
        ]),
        "Ingest": object([
            "byte": number, "place": textOrNull,
            "outcome": ["type": "string", "enum": ["stored", "duplicate", "older", "rejected"]],
            "host_id": textOrNull, "databases": numberOrNull, "code": textOrNull, "reason": textOrNull,
            "retry_at": timeOrNull,
        ]),
    ]

    private static let lists: [String: JSON] = {
        var lists: [String: JSON] = [:]
        for name in objects.keys where name != "MadeToken" {
            lists[name + "List"] = object(["items": list(name), "next_cursor": textOrNull])
        }
        return lists
    }()

    private static let patterns: JSON = [
        "type": "array", "maxItems": 200, "items": ["type": "string", "minLength": 1, "maxLength": 255],
    ]

    private static let others: [String: JSON] = [
        "DatabaseDetail": object([
            "database": reference("Database"),
            "report": ["type": ["object", "null"], "description": "Its entry in the report: docs/report.md."],
            "report_error": textOrNull, "problems": ["type": "array", "items": ["type": "object"]],
        ]),
        "HostDetail": object([
            "host": reference("Host"), "tags": reference("Tags"), "databases": list("Database"),
            "report": ["type": ["object", "null"], "description": "The report's host block: docs/report.md."],
            "scan": ["type": ["object", "null"], "description": "How the scan went: docs/report.md."],
            "report_error": textOrNull,
        ]),
        "Stats": object([
            "items": [
                "type": "array",
                "items": object([
                    "group": ["type": "object", "additionalProperties": textOrNull], "databases": number,
                    "stopped": number, "missing": number, "bytes": number,
                ]),
            ], "truncated": flag, "databases": number, "stopped": number, "missing": number, "bytes": number,
        ]),
        "HostSplit": object(["hosts": ["type": "array", "items": text], "refused": number]),
        "Tags": ["type": "object", "additionalProperties": text],
        "TagChanges": ["type": "object", "additionalProperties": textOrNull],
        "NewToken": [
            "type": "object", "required": ["name", "scopes"],
            "properties": [
                "name": ["type": "string", "minLength": 1, "maxLength": 100],
                "scopes": [
                    "type": "array", "minItems": 1,
                    "items": ["type": "string", "enum": .list(Scope.allCases.map { .text($0.rawValue) })],
                ],
                "days": ["type": "integer", "minimum": 1, "maximum": 3650], "accounts": patterns, "regions": patterns,
                "hosts": patterns, "any_sender": flag, "replaces": text,
            ],
        ],
        "Health": object(["status": text]),
        "Anything": [:],
        "Problem": object(
            ["type": text, "title": text, "status": number, "detail": text, "request_id": text],
            optional: ["items": list("Ingest"), "retry_after": number]),
    ]
}
