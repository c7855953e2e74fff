/// The pages of an action, one after another; the next one is asked for when it is wanted.
///
/// A service that repeats a token would page for ever: that is an error, and so are more than `most` pages.
package struct AWSPages<Action: PagedAction>: AsyncSequence, Sendable {
    package typealias Failure = AWSError

    let client: AWSClient
    let first: Action
    let most: Int

    package struct AsyncIterator: AsyncIteratorProtocol {
        let client: AWSClient
        var next: Action?
        var left: Int
        /// The tokens that were used.
        var used: Set<String> = []

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(AWSError) -> Action.Output? {
            guard var action = next else { return nil }
            guard left > 0 else {
                throw AWSError(.malformed, "\(Action.description.label) goes on after the most pages that are read")
            }
            left -= 1
            let output = try await client.send(action)
            let token = Action.nextToken(output).flatMap { $0.isEmpty ? nil : $0 }
            guard token.map({ used.insert($0).inserted }) ?? true else {
                throw AWSError(.malformed, "\(Action.description.label) answered the same page token twice")
            }
            action.nextToken = token
            next = token == nil ? nil : action
            return output
        }

        package mutating func next() async throws -> Action.Output? { try await next(isolation: nil) }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, next: first, left: most) }
}

extension AWSClient {
    /// Pages of an answer at most.
    package static let mostPages = 5_000

    /// The pages of `action`.
    package func pages<Action: PagedAction>(_ action: Action, most: Int = mostPages) -> AWSPages<Action> {
        AWSPages(client: self, first: action, most: most)
    }

    /// The items of all pages, in order.
    package func all<Action: PagedAction>(
        _ action: Action, most: Int = mostPages
    ) async throws(AWSError) -> [Action.Item] {
        var items: [Action.Item] = []
        var pages = pages(action, most: most).makeAsyncIterator()
        while let page = try await pages.next(isolation: nil) { items += Action.items(page) }
        return items
    }
}
