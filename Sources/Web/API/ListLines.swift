import Inventory
import Synchronization
import Terminal

/// A whole list as NDJSON, read page by page while the client takes it: it is never in memory whole.
///
/// Each page is one state of the store; a row that changes meanwhile is there once, as it was when its page was read.
actor ListLines {
    private let call: Call
    private let list: List
    private var request: ListRequest
    /// Rows that may still come; nil for all.
    private var left: Int?
    private var isAtEnd = false

    init(_ call: Call, _ list: List, _ request: ListRequest, limit: Int?) {
        (self.call, self.list, self.request, left) = (call, list, request, limit)
    }

    /// The lines of the next page; nil at the end.
    func next() async throws -> [UInt8]? {
        while !isAtEnd {
            request.limit = min(left ?? ListRequest.maximumLimit, ListRequest.maximumLimit)
            let asked = request
            let page = try await call.withStore { [list] in try $0.json(list, asked) }
            request.cursor = page.next_cursor
            left = left.map { $0 - page.items.count }
            isAtEnd = page.next_cursor == nil || left == 0
            guard !page.items.isEmpty else { continue }
            return PlainText.escapedJSON(page.items.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] })
        }
        return nil
    }
}

/// A value that is made when it is first asked for.
final class OnceValue<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)

    func value(_ make: @Sendable () -> Value) -> Value {
        made.withLock { made in
            let value = made ?? make()
            made = value
            return value
        }
    }
}

/// True for the first one that asks.
final class OnceFlag: Sendable {
    private let isTaken = Atomic(false)

    func take() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }
}
