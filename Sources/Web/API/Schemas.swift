import Inventory

/// The schemas of what the API answers, for its description; a test holds real answers to them.
enum Schemas {
    static func all(_ catalog: Catalog) -> [String: JSON] {
        var schemas = others
        for list in catalog.all {
            schemas[list.item] = row(list)
            schemas[list.item + "List"] = page(list.item)
        }
        schemas["Ingest"] = ingest
        schemas["IngestList"] = page("Ingest")
        schemas.merge(discovery(catalog)) { $1 }
        return schemas
    }

    static let text: JSON = ["type": "string"]
    static let number: JSON = ["type": "integer"]
    static let flag: JSON = ["type": "boolean"]
    static let textOrNull: JSON = ["type": ["string", "null"]]
    static let numberOrNull: JSON = ["type": ["integer", "null"]]
    static let timeOrNull: JSON = ["type": ["string", "null"], "format": "date-time"]

    /// A row of a list, from the declarations of its columns.
    static func row(_ list: List, optional: [String: JSON] = [:]) -> JSON {
        object(Dictionary(uniqueKeysWithValues: list.fields.map { ($0.name, column($0)) }), optional: optional)
    }

    private static func column(_ field: Field) -> JSON {
        let type =
            switch field.kind {
            case .text, .version, .time: "string"
            case .integer, .bytes: "integer"
            case .flag: "boolean"
            }
        var members: [String: JSON] = [
            "type": field.isOptional ? [.text(type), "null"] : .text(type), "description": .text(field.help),
        ]
        if field.kind == .time { members["format"] = "date-time" }
        if let values = field.values { members["enum"] = .list(values.map { .text($0) }) }
        return .object(members)
    }

    static func page(_ item: String) -> JSON { object(["items": list(item), "next_cursor": textOrNull]) }

    static func reference(_ schema: String) -> JSON { ["$ref": .text("#/components/schemas/" + schema)] }
    static func list(_ schema: String) -> JSON { ["type": "array", "items": reference(schema)] }

    /// An object with all of these members and no others.
    static func object(_ members: [String: JSON], optional: [String: JSON] = [:]) -> JSON {
        [
            "type": "object", "properties": .object(members.merging(optional) { $1 }),
            "required": .list(members.keys.sorted().map { .text($0) }), "additionalProperties": false,
        ]
    }

    private static let ingest = object([
        "byte": number, "place": textOrNull,
        "outcome": ["type": "string", "enum": ["stored", "duplicate", "older", "spooled", "rejected"]],
        "host_id": textOrNull, "databases": numberOrNull, "code": textOrNull, "reason": textOrNull,
        "retry_at": timeOrNull,
    ])

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
            "host": reference("Host"), "tags": reference("Tags"), "instance_tags": reference("Tags"),
            "databases": list("Database"),
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
        "MadeToken": object(["token": text, "id": text, "name": text, "scopes": text, "expires_at": timeOrNull]),
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
                "hosts": patterns, "tags": patterns, "any_sender": flag, "replaces": text,
            ],
        ],
        "Health": object(["status": text]),
        "Readiness": object([
            "status": ["type": "string", "enum": ["ready", "spooling"]],
            "discovery": ["type": "string", "enum": ["ok", "overdue", "unknown"]],
        ]),
        "Anything": [:],
        "Problem": object(
            ["type": text, "title": text, "status": number, "detail": text, "request_id": text],
            optional: ["items": list("Ingest"), "retry_after": number]),
    ]
}
