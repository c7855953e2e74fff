import Foundation
import HTTPTypes
import HummingbirdCore
import Inventory
import Synchronization

/// A store that copies follow.
public protocol ReplicatedStore: Sendable {
    /// The copies; empty where there are none.
    var readReplicas: [ReadReplica] { get }

    /// The last transaction that this program committed, as copies know it; nil where there are none.
    var lastCommit: Int64? { get }

    /// The store with its questions to a copy that is near enough and has the commits; nil where there are no copies.
    ///
    /// - Parameter note: is told of each read: seconds that the copy may be behind, or nil for the store itself.
    func nearStore(after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void) -> (any WebStore)?
}

extension HTTPField.Name {
    /// How many seconds the copy of the store that answered may be behind; 0 for the store itself.
    static let lag = known("X-Dbcensus-Lag")
    /// What a request wrote. A request that has it is answered by a store that has what was written.
    static let position = known("X-Dbcensus-Position")
}

/// How far behind the answers of a request are.
final class ReadLag: Sendable {
    private let most = Mutex(Double?.none)

    /// The most of all reads, in whole seconds, rounded up; nil before the first one.
    var seconds: Int? { most.withLock { $0.map { Int($0.rounded(.up)) } } }

    func note(_ seconds: Double?) {
        most.withLock { $0 = max($0 ?? 0, seconds ?? 0) }
    }
}

/// What each token wrote here last: its questions are not answered by a copy that lacks it.
final class Positions: Sendable {
    private let positions = Mutex([String: (commit: Int64, at: ContinuousClock.Instant)]())
    /// Far longer than any copy that answers is behind.
    private static let lifetime = Duration.seconds(600)
    private static let limit = 10_000

    func note(_ commit: Int64, of token: String) {
        positions.withLock { positions in
            let now = ContinuousClock.now
            if positions.count >= Self.limit {
                positions = positions.filter { $0.value.at.duration(to: now) < Self.lifetime }
            }
            positions[token] = (commit, now)
        }
    }

    func commit(of token: String) -> Int64? {
        positions.withLock { positions in
            guard let last = positions[token], last.at.duration(to: .now) < Self.lifetime else { return nil }
            return last.commit
        }
    }
}

extension Endpoint {
    /// Whether a copy of the store may answer it.
    var isForReplicas: Bool { method == .get && scope != nil && path != MetricsEndpoint.path }
}

extension Backend {
    /// A copy of the store near by that may answer a request; nil where none may.
    func nearStore(
        for endpoint: Endpoint, _ request: Request, token: AccessToken?, _ lag: ReadLag
    ) throws -> (any WebStore)? {
        guard endpoint.isForReplicas, let replicated else { return nil }
        var commits = token.flatMap { positions.commit(of: $0.id) }.map { [$0] } ?? []
        if let text = request.headers[.position] {
            guard let commit = Int64(text) else {
                throw Problem(
                    .badRequest, "bad_request", "X-Dbcensus-Position must be what the answer to a request had")
            }
            commits.append(commit)
        }
        return replicated.nearStore(after: commits) { lag.note($0) }
    }

    /// The token of an id as a copy of the store has it; nil where none does.
    func nearToken(_ id: String) async throws -> (token: AccessToken, hash: [UInt8])? {
        guard let near = replicated?.nearStore(after: [], { _ in }) else { return nil }
        return try await Blocking.near { try near.token(id) }
    }

    /// Answers a request, and tells how far behind the answer is, or what it wrote.
    func answer(_ endpoint: Endpoint, _ call: Call) async throws -> Reply {
        guard let replicated, endpoint.scope != nil else { return try await endpoint.run(call) }
        guard endpoint.method != .get else {
            var reply = try await endpoint.run(call)
            // The pages of a stream come later: from the copy that is there now.
            let now = replicated.readReplicas.filter(\.isUsed).compactMap(\.secondsBehind).max() ?? 0
            if endpoint.isForReplicas { reply.headers[.lag] = "\(call.lag.seconds ?? Int(now.rounded(.up)))" }
            return reply
        }
        // What was refused may have written too, such as a dead letter.
        defer {
            if let token = call.token, let commit = replicated.lastCommit { positions.note(commit, of: token.id) }
        }
        var reply = try await endpoint.run(call)
        reply.headers[.position] = replicated.lastCommit.map(String.init)
        return reply
    }
}
