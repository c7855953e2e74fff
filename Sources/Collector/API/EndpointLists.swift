import Foundation
import HTTPTypes
import HummingbirdCore
import Report
import Store

extension Endpoint {
    /// A list: its filters, its order, its pages, as JSON or as CSV; with `field` that of the database in the path.
    static func list<Row: Codable & Sendable>(
        _ path: String, _ schema: String, _ summary: String, _ reference: ListReference, _ columns: [ListColumn<Row>],
        scope: Scope = .read, hasAsOf: Bool = false, of field: String? = nil,
        read: @escaping @Sendable (InventoryStore, ListRequest) throws -> Page<Row>
    ) -> Endpoint {
        let fields = reference.fields.filter { $0.name != field }
        var parameters = fields.map { Parameter(name: $0.name, help: $0.help, isList: true) }
        parameters += [
            Parameter(name: "limit", help: "At most this many rows, 1 to 1000 (100).", isNumber: true),
            Parameter(name: "cursor", help: "Go on after the page that gave this next_cursor."),
            Parameter(
                name: "sort",
                help:
                    "\(reference.sorts.joined(separator: ", ")), with - before it for the other direction (\(reference.order))."
            ),
        ]
        if reference.hasSearch {
            parameters.append(
                Parameter(
                    name: "q",
                    help: "Words that must all be there; the last one may be a beginning of three letters or more."))
        }
        if hasAsOf {
            parameters.append(
                Parameter(
                    name: "as_of",
                    help:
                        "The inventory at this time: RFC 3339, or a date. Without sort, q, and the filters bytes, last_seen."
                ))
        }
        var endpoint = Endpoint(
            method: .get, path: path, scope: scope, summary: summary, parameters: parameters,
            answers: field == nil
                ? [200: schema + "List", 400: "Problem"] : [200: schema + "List", 400: "Problem", 404: "Problem"]
        ) { call in
            var request = try call.listRequest(Set(fields.map(\.name)))
            if let field {
                let id = DatabaseID(call.path["id"] ?? "")
                guard let id, let now = try await call.read({ try $0.currentID(id) }) else {
                    throw Problem.notFound("database")
                }
                request.require(field, now)
            }
            let wanted = request
            let store = call.backend.store
            let isCSV = call.wantsCSV
            return try await Blocking.run {
                guard isCSV else {
                    var reply = Reply()
                    reply.body = Array(try store.json(reference, wanted).utf8)
                    return reply
                }
                let page = try read(store, wanted)
                var reply = Reply(contentType: "text/csv; charset=utf-8; header=present")
                reply.body = Array(CSV.text(page.items, columns).utf8)
                if let next = page.next_cursor {
                    reply.headers[.link] = "<?\(call.link(next))>; rel=\"next\""
                }
                return reply
            }
        }
        endpoint.hasCSV = true
        return endpoint
    }
}

extension HTTPField.Name {
    /// RFC 8288.
    static let link = known("Link")

    /// A name that is one: it stands in this program.
    static func known(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("\(text) is no field name") }
        return name
    }
}

extension Call {
    /// Whether CSV is preferred: `Accept` names it and not JSON.
    var wantsCSV: Bool {
        let accept = request.headers[.accept] ?? ""
        return accept.contains("text/csv") && !accept.contains("application/json")
    }

    /// The list that the query asks for.
    func listRequest(_ fields: Set<String>) throws -> ListRequest {
        var list = ListRequest()
        list.limit = try number("limit", 1...ListRequest.maximumLimit) ?? list.limit
        list.cursor = one("cursor")
        list.sort = one("sort")
        list.search = one("q")
        if let text = one("as_of") {
            guard let time = TimeText.parse(text) else {
                throw Problem(
                    .badRequest, "bad_request",
                    "as_of is a time such as 2026-11-21T12:00:00Z, a date, or 7d for days ago")
            }
            list.asOf = time
        }
        for (name, value) in query where fields.contains(name) { list.conditions += Condition.parse(name, value) }
        return list
    }

    /// The query of the next page.
    fileprivate func link(_ cursor: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return (query.filter { $0.name != "cursor" } + [("cursor", cursor)]).map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }.joined(separator: "&")
    }
}

/// `name<value` in a query, which means `name=<value`: a comparison may stand where `=` does.
enum QueryText {
    /// The pairs in a query, decoded; nil when a percent sign is no part of a code.
    static func parse(_ query: String) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in query.parts("&") where !part.isEmpty {
            guard let text = part.replacing("+", with: " ").removingPercentEncoding, !text.utf8.contains(0) else {
                return nil
            }
            guard let end = text.unicodeScalars.firstIndex(where: { "<>!=".unicodeScalars.contains($0) }) else {
                pairs.append((text, ""))
                continue
            }
            let value = text.unicodeScalars[end...]
            pairs.append((String(text[..<end]), String(value.first == "=" ? value.dropFirst() : value)))
        }
        return pairs
    }
}
