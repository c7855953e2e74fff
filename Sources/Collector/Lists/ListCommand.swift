import ArgumentParser
import Inventory
import Report
import Store

/// A command that writes a list.
protocol ListCommand: AsyncParsableCommand {
    /// The list; its name is its path in the API.
    static var list: List { get }
    var options: ListOptions { get }
    func request() throws -> ListRequest
}

extension ListCommand {
    func run() async throws {
        var request = try request()
        var rows: [ListRow] = []
        var next: String?
        // A page may be short, or empty, and not be the last.
        repeat {
            let asked = request
            let page = try await options.source.ask(Self.list.name, asked.query, Self.list) {
                try $0.page(Self.list, asked)
            }
            rows += page.items
            next = page.next_cursor
            request.cursor = next
            request.limit = options.limit - rows.count
        } while next != nil && rows.count < options.limit
        try Page(items: rows, next_cursor: next).write(Self.list, options.format)
    }
}

extension List {
    /// The fields and the orders, for help.
    var help: String {
        let fields = "Fields of --where: \(filters.map(\.name).sorted().joined(separator: ", "))."
        let orders = " Orders of --sort: \((sorts + ["added"]).joined(separator: ", ")) (default \(order))."
        return fields + orders
    }
}

/// Where the rows of a list are cut.
struct PageOptions: ParsableArguments {
    @Option(help: "At most this many rows (1 to 1000).")
    var limit = ListRequest.maximumLimit

    @Option(help: "Continue after the page that gave this next_cursor.")
    var cursor: String?

    func validate() throws {
        guard (1...ListRequest.maximumLimit).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(ListRequest.maximumLimit).")
        }
    }
}

/// What every list takes.
struct ListOptions: ParsableArguments {
    @OptionGroup var source: SourceOptions

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @Option(help: "Only this host: its id or its name.")
    var host: String?

    @Option(help: "Only this AWS account.")
    var account: String?

    @Option(help: "Only this region.")
    var region: String?

    @Option(
        name: .customLong("where"),
        help: "A condition, such as 'version<8.0.36' or 'tag=owner=payments'. It may be repeated.")
    var conditions: [String] = []

    @Option(parsing: .unconditional, help: "The order. Put - before it for the other direction.")
    var sort: String?

    @OptionGroup var page: PageOptions

    var limit: Int { page.limit }

    func validate() throws {
        if let wrong = conditions.first(where: { Condition($0) == nil }) {
            throw ValidationError("--where \(wrong): write a field, one of = != < <= > >=, and a value.")
        }
    }

    /// The request, with conditions of a list's own options.
    func request(_ own: [(String, String?)] = []) -> ListRequest {
        var request = ListRequest()
        request.limit = limit
        request.cursor = page.cursor
        request.sort = sort
        for (field, value) in [("host", host), ("account", account), ("region", region)] + own {
            if let value { request.require(field, value) }
        }
        for text in conditions {
            guard let condition = Condition(text) else { continue }
            // Behind the first comparison there may be further ones: >=8.0,<8.1.
            request.conditions += Condition.parse(
                condition.field, String(text.dropFirst(condition.field.count)).withoutEquals)
        }
        return request
    }
}

extension String {
    /// `=8.0` is `8.0`: the API takes a value without its `=`.
    fileprivate var withoutEquals: String { hasPrefix("=") ? String(dropFirst()) : self }
}

extension ListRequest {
    /// The request as the API takes it.
    var query: [(String, String)] {
        var query = conditions.map(\.queryItem)
        query.append(("limit", "\(limit)"))
        if let cursor { query.append(("cursor", cursor)) }
        if let sort { query.append(("sort", sort)) }
        if let search { query.append(("q", search)) }
        if let asOf { query.append(("as_of", Timestamp.format(asOf))) }
        return query
    }
}

extension Condition {
    /// The condition as a parameter of the API.
    var queryItem: (String, String) { (field, (comparison == .equal ? "" : comparison.rawValue) + value) }
}

extension [String] {
    /// The conditions of `--where`, one each.
    func parsedConditions() throws -> [Condition] {
        try map { text in
            guard let condition = Condition(text) else {
                throw ValidationError("--where \(text): write a column, = or !=, and a value.")
            }
            return condition
        }
    }
}
