import Foundation
import HTTPTypes
import Inventory

/// The OpenAPI 3.1 description, made from the routes and the lists; docs/openapi.json is the same text.
public enum OpenAPI {
    /// The description as JSON with sorted keys.
    public static func document(_ catalog: Catalog, version: String) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let bytes = try? encoder.encode(description(catalog, version))
        return Array(bytes ?? Data()) + [UInt8(ascii: "\n")]
    }

    private static func description(_ catalog: Catalog, _ version: String) -> JSON {
        var paths: [String: JSON] = [:]
        for endpoint in Endpoint.all(catalog) {
            let path = paths[endpoint.path] ?? [:]
            paths[endpoint.path] = path.merging([endpoint.method.rawValue.lowercased(): operation(endpoint)])
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "dbcensus", "version": .text(version),
                "description":
                    "The inventory of databases: what runs where, since when, and what changed. HEAD is answered as GET is.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Schemas.all(catalog)),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token: dbc_, its id, _, its secret. Scopes: read, ingest, scan, admin.",
                    ]
                ],
            ],
        ]
    }

    private static func operation(_ endpoint: Endpoint) -> JSON {
        var answers = endpoint.answers
        if endpoint.scope != nil { for status in [401, 403, 429] { answers[status] = "Problem" } }
        // Any route may meet a broken query, a store that cannot be read, and a fault of its own.
        for status in [400, 500, 503] where answers[status] == nil { answers[status] = "Problem" }
        var responses: [String: JSON] = [:]
        for (status, schema) in answers { responses["\(status)"] = response(status, schema, endpoint) }
        if endpoint.method == .get {
            responses["304"] = ["description": "Not modified since the ETag in If-None-Match."]
        }
        var operation: [String: JSON] = [
            "operationId": .text(identifier(endpoint)),
            "summary": .text(endpoint.summary),
            "parameters": .list(
                endpoint.pathParameters.map {
                    ["name": .text($0), "in": "path", "required": true, "schema": ["type": "string"]]
                } + endpoint.parameters.map(parameter)),
            "responses": .object(responses),
            "security": endpoint.scope == nil ? [] : [["token": []]],
        ]
        if let scope = endpoint.scope { operation["x-scope"] = .text(scope.rawValue) }
        switch endpoint.body {
        case .reports?:
            let bytes: JSON = ["schema": ["type": "string", "contentMediaType": "application/octet-stream"]]
            operation["requestBody"] = [
                "required": true,
                "content": [
                    "application/json": ["schema": [:]], "application/x-ndjson": bytes, "application/gzip": bytes,
                    "application/octet-stream": bytes, "text/plain": bytes,
                ],
            ]
        case .json(let schema)?:
            operation["requestBody"] = [
                "required": true, "content": ["application/json": ["schema": reference(schema)]],
            ]
        case nil: break
        }
        return .object(operation)
    }

    private static func parameter(_ parameter: Endpoint.Parameter) -> JSON {
        let type: JSON = .text(parameter.isNumber ? "integer" : "string")
        return [
            "name": .text(parameter.name), "in": "query", "description": .text(parameter.help),
            "schema": parameter.isList ? ["type": "array", "items": ["type": type]] : ["type": type],
        ]
    }

    private static func response(_ status: Int, _ schema: String, _ endpoint: Endpoint) -> JSON {
        let words = [
            200: "The answer.", 201: "Created.", 202: "The run begins.", 204: "Done.",
            400: "The request is invalid; the detail says why.",
            401: "There is no valid token.", 403: "The token does not allow it.", 404: "It does not exist.",
            409: "It contradicts what is there; the detail says why.",
            413: "The body is too large.", 415: "The body's encoding is not supported.",
            422: "Every report was rejected.", 429: "Too many requests; Retry-After says when to try again.",
            500: "The request failed; the log has the reason.",
            503: "The store cannot be used now, or too many reports wait; Retry-After says when to try again.",
            507: "The disk is full; Retry-After says when to try again.",
        ]
        var response: [String: JSON] = ["description": .text(words[status] ?? "")]
        guard !schema.isEmpty else { return .object(response) }
        if schema == "Problem" {
            response["content"] = ["application/problem+json": ["schema": reference(schema)]]
        } else if schema == "Events" {
            response["content"] = ["text/event-stream": .object([:])]
        } else if schema == "Text" {
            response["content"] = ["text/plain": ["schema": ["type": "string"]]]
        } else {
            var content: [String: JSON] = ["application/json": ["schema": reference(schema)]]
            if endpoint.list != nil {
                content["text/csv"] = ["schema": ["type": "string"]]
                content["application/x-ndjson"] = ["schema": ["type": "string"]]
            }
            response["content"] = .object(content)
        }
        return .object(response)
    }

    private static func reference(_ schema: String) -> JSON { ["$ref": .text("#/components/schemas/" + schema)] }

    private static func identifier(_ endpoint: Endpoint) -> String {
        let words = endpoint.path.split(whereSeparator: { "/{}-.".contains($0) }).drop { $0 == "api" || $0 == "v1" }
        return endpoint.method.rawValue.lowercased() + words.map(\.capitalized).joined()
    }
}
