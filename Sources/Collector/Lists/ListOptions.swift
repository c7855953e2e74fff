import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// Where the store is.
struct StoreOptions: ParsableArguments {
    @Option(help: "The store's file; DBCENSUS_STORE_PATH names another default.", completion: .file())
    var store = Self.standard

    /// The configured store, as far as the environment tells.
    static var standard: String { ProcessInfo.processInfo.environment["DBCENSUS_STORE_PATH"] ?? "./dbcensus.sqlite" }
}

/// Whom a question is asked: the store's file, or a collector that serves one.
struct SourceOptions: ParsableArguments {
    @Option(help: "The store's file (DBCENSUS_STORE_PATH, else ./dbcensus.sqlite).", completion: .file())
    var store: String?

    @Option(help: "Ask this collector instead, such as https://dbcensus.example.com:8629.")
    var server: String?

    @Option(help: "The file with the token for --server.", completion: .file())
    var tokenFile: String?

    @Option(help: "A PEM file with the authorities that --server's certificate is checked by.", completion: .file())
    var caFile: String?

    func validate() throws {
        guard server == nil || store == nil else { throw ValidationError("--server and --store: name one of them.") }
        guard server != nil || (tokenFile == nil && caFile == nil) else {
            throw ValidationError("--token-file and --ca-file belong to --server.")
        }
    }

    /// The answer to a question that both can be asked.
    func ask<Answer: Decodable & Sendable>(
        _ path: String, _ query: [(String, String)] = [], local: (InventoryStore) throws -> Answer
    ) async throws -> Answer {
        guard let server else {
            return try local(try InventoryStore(path: store ?? StoreOptions.standard, mode: .read))
        }
        return try await Remote(url: server, tokenFile: tokenFile, caFile: caFile).get(path, query)
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

    @Option(parsing: .unconditional, help: "The order; with - before it the other direction.")
    var sort: String?

    @Option(help: "At most this many rows (1 to 1000).")
    var limit = ListRequest.maximumLimit

    @Option(help: "Go on after the page that gave this next_cursor.")
    var cursor: String?

    func validate() throws {
        guard (1...ListRequest.maximumLimit).contains(limit) else {
            throw ValidationError("--limit is 1 to \(ListRequest.maximumLimit).")
        }
        if let wrong = conditions.first(where: { Condition($0) == nil }) {
            throw ValidationError("--where \(wrong): write a field, one of = != < <= > >=, and a value.")
        }
    }

    /// The request, with conditions of a list's own options.
    func request(_ own: [(String, String?)] = []) -> ListRequest {
        var request = ListRequest()
        request.limit = limit
        request.cursor = cursor
        request.sort = sort
        for (field, value) in [("host", host), ("account", account), ("region", region)] + own {
            if let value { request.require(field, value) }
        }
        for text in conditions {
            guard let condition = Condition(text) else { continue }
            // What stands behind the first comparison may have further ones: >=8.0,<8.1.
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

/// A command that writes a list.
protocol InventoryList: AsyncParsableCommand {
    associatedtype Row: Codable & Sendable
    /// The API's path.
    static var path: String { get }
    static var columns: [ListColumn<Row>] { get }
    static func table(_ rows: [Row]) -> String
    static func read(_ store: InventoryStore, _ request: ListRequest) throws -> Page<Row>
    var list: ListOptions { get }
    func request() throws -> ListRequest
}

extension InventoryList {
    func run() async throws {
        var request = try request()
        var rows: [Row] = []
        var next: String?
        // A page may be short, or empty, and not be the last.
        repeat {
            let asked = request
            let page = try await list.source.ask(Self.path, asked.query) { try Self.read($0, asked) }
            rows += page.items
            next = page.next_cursor
            request.cursor = next
            request.limit = list.limit - rows.count
        } while next != nil && rows.count < list.limit
        try Page(items: rows, next_cursor: next).write(list.format, columns: Self.columns, table: Self.table)
    }
}

extension ListRequest {
    /// The request as the API takes it.
    var query: [(String, String)] {
        var query = conditions.map { condition in
            (condition.field, (condition.comparison == .equal ? "" : condition.comparison.rawValue) + condition.value)
        }
        query.append(("limit", "\(limit)"))
        if let cursor { query.append(("cursor", cursor)) }
        if let sort { query.append(("sort", sort)) }
        if let search { query.append(("q", search)) }
        if let asOf { query.append(("as_of", Timestamp.format(asOf))) }
        return query
    }
}

extension Page {
    /// Writes the page in `format`; a list that goes on is said, not cut in silence.
    func write(_ format: ListFormat, columns: [ListColumn<Item>], table: ([Item]) -> String) throws {
        switch format {
        case .json: try Output.print(try JSONList.text(self))
        case .csv: try Output.print(CSV.text(items, columns, isTerminal: isatty(STDOUT_FILENO) == 1))
        case .table: try Output.print(table(items))
        }
        if format != .json, let next_cursor { Talk.say("There are more: go on with --cursor \(next_cursor)") }
    }
}
