import ArgumentParser
import Store
import Terminal

/// Where the store is.
struct StoreOptions: ParsableArguments {
    @Option(help: "The store's file.", completion: .file())
    var store = "./dbcensus.sqlite"
}

/// What every list takes.
struct ListOptions: ParsableArguments {
    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @Option(help: "Only this host: its id or its name.")
    var host: String?

    @Option(help: "Only this AWS account.")
    var account: String?

    @Option(help: "Only this region.")
    var region: String?

    @Option(help: "At most this many rows (1 to 1000).")
    var limit = ListRequest.maximumLimit

    @Option(help: "Go on after the page that gave this next_cursor.")
    var cursor: String?

    func validate() throws {
        guard (1...ListRequest.maximumLimit).contains(limit) else {
            throw ValidationError("--limit is 1 to \(ListRequest.maximumLimit).")
        }
    }

    var request: ListRequest {
        var request = ListRequest()
        request.limit = limit
        request.cursor = cursor
        for (field, value) in [("host", host), ("account", account), ("region", region)] {
            if let value { request.require(field, value) }
        }
        return request
    }
}

extension Page {
    /// Writes the page in `format`; a list that goes on is said, not cut in silence.
    func write(_ format: ListFormat, columns: [ListColumn<Item>], table: ([Item]) -> String) throws {
        switch format {
        case .json: try Output.print(try JSONList.text(self))
        case .csv: try Output.print(CSV.text(items, columns))
        case .table: try Output.print(table(items))
        }
        if format != .json, let next_cursor { Talk.say("There are more: go on with --cursor \(next_cursor)") }
    }
}
