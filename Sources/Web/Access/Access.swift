import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Inventory
import Report

/// Who may ask for what, and how often.
struct Access: Sendable {
    private let store: any TokenStore
    private let reach: StoreReach
    private let known = KnownTokens()
    private let live: Live<WebConfiguration>
    private let shares: Shares
    private let requests = RateLimiter()
    /// Failures by address: ten at once, then one in five seconds. A valid token from that address still works.
    private let failures = RateLimiter()

    init(_ store: any TokenStore, _ reach: StoreReach, _ live: Live<WebConfiguration>, _ shares: Shares) {
        (self.reach, self.shares) = (reach, shares)
        self.store = store
        self.live = live
    }

    /// Finds the token of an id, and the hash of its secret.
    typealias Lookup = @Sendable (String) async throws -> (token: AccessToken, hash: [UInt8])?

    /// The token of a request that may do what `scope` allows.
    ///
    /// - Parameter near: asked before the store: a copy of it that is near by.
    /// - Throws: `Problem` with 401, 403 or 429.
    func check(
        _ request: Request, _ scope: Scope, address: String, near: Lookup? = nil
    ) async throws -> AccessToken {
        let header = request.headers[.authorization]
        guard let header, let row = try await valid(header, request, address, store.now(), near) else {
            if let seconds = failures.take(address, perSecond: 0.2, burst: 10) {
                throw Problem(
                    .tooManyRequests, "too_many_failures",
                    "too many invalid tokens came from this address: try again later",
                    retryAfter: seconds)
            }
            guard header != nil else {
                throw Problem(.unauthorized, "no_token", "send a token: Authorization: Bearer dbc_…")
            }
            throw Problem(
                .unauthorized, "bad_token", "the token is invalid, expired, revoked, or not valid from this address")
        }
        let limit = limit
        if let seconds = requests.take(row.id, perSecond: limit.perSecond, burst: limit.burst) {
            throw Problem(
                .tooManyRequests, "too_many_requests", "the token sends too many requests: try again later",
                retryAfter: seconds)
        }
        guard row.allows(scope) else {
            throw Problem(.forbidden, "forbidden", "the token has no scope \"\(scope.rawValue)\"")
        }
        return row
    }

    /// A request costs one, and one more for every 20 ms that its answer takes: expensive requests use up the limit
    /// sooner.
    private static let secondsOfOne = 0.02

    /// Counts what a request cost beyond its one against the token's limit.
    func charge(_ token: AccessToken, seconds: Double) {
        let limit = limit
        requests.charge(token.id, seconds / Self.secondsOfOne, perSecond: limit.perSecond, burst: limit.burst)
    }

    /// What a token may send to this collector: its part of what it may send to all that serve the store.
    private var limit: (perSecond: Double, burst: Double) {
        let (limits, serving) = (live.value.limits, Double(shares.serving))
        return (Double(limits.requestsPerSecond) / serving, max(1, Double(limits.requestBurst) / serving))
    }

    private func valid(
        _ header: String, _ request: Request, _ address: String, _ now: Date, _ near: Lookup?
    ) async throws -> AccessToken? {
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bearer", let token = Token(words[1]) else { return nil }
        // What a copy does not have yet, the store has.
        let copied = try await near?(token.id)
        let known = if let copied { copied } else { try await row(token.id) }
        // An unknown id does the same work, so that the time does not tell which ids exist.
        let matches = token.matches(known?.hash ?? Array(repeating: 0, count: 32))
        guard let row = known?.token, matches, row.revokedAt == nil else { return nil }
        if let end = row.expiresAt, end <= Timestamp.format(now) { return nil }
        if row.loopbackOnly, !isLocal(request, address) { return nil }
        return row
    }

    /// The token of an id, and the hash of its secret; as last seen while the store cannot be reached.
    private func row(_ id: String) async throws -> (token: AccessToken, hash: [UInt8])? {
        do {
            let row = try await reach.ask { [store] in try store.token(id) }
            if reach.hasSpool { known.keep(row, id) }
            return row
        } catch let away as StoreReach.Away {
            guard let row = known.row(id) else { throw away }
            return row
        }
    }

    /// From this machine, asked for by a name of this machine, and not through a proxy on it.
    private func isLocal(_ request: Request, _ address: String) -> Bool {
        let isProxied = request.headers.contains { field in
            let name = field.name.canonicalName
            return name.hasPrefix("x-forwarded")
                || [
                    "forwarded", "via", "x-real-ip", "cf-connecting-ip", "x-client-ip", "true-client-ip",
                    "x-cluster-client-ip", "fastly-client-ip",
                ].contains(name)
        }
        return Loopback.contains(address) && !live.value.trustProxy && !isProxied
            && Self.host(request.head.authority ?? "").map(Loopback.contains) == true
    }

    /// The host of `host`, `host:port`, `[address]` or `[address]:port`; nil for anything else.
    private static func host(_ authority: String) -> String? {
        let isBracketed = authority.hasPrefix("[")
        let end = isBracketed ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
        guard let end else { return nil }
        let host = isBracketed ? authority[..<end].dropFirst() : authority[..<end]
        let rest = isBracketed ? authority[authority.index(after: end)...] : authority[end...]
        let isPort = rest.hasPrefix(":") && rest.dropFirst().allSatisfy { ("0"..."9").contains($0) }
        return rest.isEmpty || isPort ? String(host) : nil
    }
}

/// Addresses and names of this machine only.
public enum Loopback {
    /// Whether `address` reaches this machine only.
    public static func contains(_ address: String) -> Bool {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return address == "::1" || address == "localhost"
            || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
    }
}
