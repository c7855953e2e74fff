import Foundation
import HTTPTypes
import HummingbirdCore
import Inventory
import Report

extension Endpoint {
    /// A list: its filters, its order and its pages, as JSON or CSV, or the whole of it as NDJSON.
    ///
    /// - Parameters:
    ///   - field: the filter whose value is in the path; nil for a list of everything.
    ///   - id: finds that value.
    static func list(
        _ path: String, _ summary: String, _ list: List, scope: Scope = .read, isForBound: Bool = true,
        of field: String? = nil,
        id: @escaping @Sendable (Call) async throws -> String = { try await $0.currentDatabase() }
    ) -> Endpoint {
        let filters = list.filters.filter { $0.name != field }
        var answers = [200: list.item + "List", 400: "Problem"]
        if field != nil { answers[404] = "Problem" }
        var endpoint = Endpoint(
            method: .get, path: path, scope: scope, summary: summary,
            parameters: filters.map { Parameter(name: $0.name, help: $0.help, isList: true) } + pageParameters(list),
            answers: answers
        ) { call in
            var request = try call.listRequest(Set(filters.map(\.name)))
            if let field { request.require(field, try await id(call)) }
            return try await call.reply(list, request)
        }
        endpoint.isForBound = isForBound
        endpoint.list = list
        return endpoint
    }

    private static func pageParameters(_ list: List) -> [Parameter] {
        let sorts = (list.sorts + ["added"]).joined(separator: ", ")
        var parameters = [
            Parameter(name: "limit", help: "At most this many rows, 1 to 1000 (100).", isNumber: true),
            Parameter(name: "cursor", help: "The next_cursor of the page before."),
            Parameter(
                name: "sort", help: "\(sorts). Put - before it for the other direction. The default is \(list.order)."),
        ]
        if list.hasSearch {
            parameters.append(
                Parameter(
                    name: "q",
                    help: "Words that must all be there. The last one may be a beginning of three letters or more."))
        }
        if list.hasAsOf {
            parameters.append(
                Parameter(
                    name: "as_of",
                    help: "The inventory at this time: RFC 3339, or a date. It takes neither sort nor q."))
        }
        return parameters
    }
}

extension Call {
    /// How the client wants a list.
    private enum Format { case json, csv, lines }

    /// The first of the formats that `Accept` names; JSON when it names none, or several with JSON among them.
    private var format: Format {
        let accept = request.headers[.accept] ?? ""
        if accept.contains("application/json") { return .json }
        if accept.contains("application/x-ndjson") { return .lines }
        return accept.contains("text/csv") ? .csv : .json
    }

    /// The list that the query asks for, within the token's bounds.
    func listRequest(_ filters: Set<String>) throws -> ListRequest {
        var list = ListRequest()
        list.bounds = bounds
        list.limit = try number("limit", 1...ListRequest.maximumLimit) ?? list.limit
        list.cursor = one("cursor")
        list.sort = one("sort")
        list.search = one("q")
        if let text = one("as_of") {
            guard let time = TimeText.parse(text) else {
                throw Problem(
                    .badRequest, "bad_request",
                    "as_of must be a time such as 2026-11-21T12:00:00Z, a date, or 7d for days ago")
            }
            list.asOf = time
        }
        for (name, value) in query where filters.contains(name) { list.conditions += Condition.parse(name, value) }
        return list
    }

    /// The id that the database in the path has now.
    func currentDatabase() async throws -> String {
        let bounds = bounds
        guard let id = DatabaseID(path["id"] ?? ""),
            let now = try await withStore({ try $0.currentID(id, bounds: bounds) })
        else { throw Problem.notFound("database") }
        return now
    }

    /// The answer to `request` in the client's format.
    func reply(_ list: List, _ request: ListRequest) async throws -> Reply {
        switch format {
        case .json:
            let page = try await withStore { try $0.json(list, request) }
            return Reply(.json, Self.json(page))
        case .csv:
            let page = try await withStore { try $0.page(list, request) }
            var reply = Reply(.csv, Array(CSV.text(page.items, of: list).utf8))
            if let next = page.next_cursor { reply.headers[.link] = "<?\(link(next))>; rel=\"next\"" }
            return reply
        case .lines:
            let lines = ListLines(self, list, request, limit: one("limit").flatMap(Int.init))
            // The first page is read here: what is wrong with the request must be an answer of its own.
            let first = try await lines.next()
            return Reply(.ndjson) { [isFirst = OnceFlag()] in isFirst.take() ? first : try await lines.next() }
        }
    }

    /// A page of rows that are JSON already, as JSON.
    private static func json(_ page: Page<String>) -> [UInt8] {
        var bytes = Array(#"{"items":["#.utf8)
        for (index, item) in page.items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: item.utf8)
        }
        // A cursor is base64url: it needs no escapes.
        let cursor = page.next_cursor.map { "\"\($0)\"" } ?? "null"
        return bytes + Array(#"],"next_cursor":\#(cursor)}"#.utf8)
    }

    /// The query of the next page.
    private func link(_ cursor: String) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return (query.filter { $0.name != "cursor" } + [("cursor", cursor)]).map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }.joined(separator: "&")
    }
}
