import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Inventory
import Logging
import NIOCore

/// One request, with what its route needs.
struct Call: Sendable {
    var backend: Backend
    var request: Request
    /// Parameters of the path, decoded.
    var path: [String: String]
    /// The query, decoded, in its order.
    var query: [(name: String, value: String)]
    /// Who asks; nil on routes for everybody.
    var token: AccessToken?
    var requestID: String
    /// The store that answers: a copy near by where one may.
    var store: any WebStore
    /// How far behind the answers are.
    var lag = ReadLag()
    /// Whether `store` is a copy near by.
    var isNear = false

    /// What the token may see.
    var bounds: Bounds { token?.bounds ?? Bounds() }

    /// The only value of a parameter.
    func one(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// A number among the parameters.
    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = one(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(.badRequest, "bad_request", "\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The request's body, at most `limit` bytes.
    ///
    /// - Parameter take: gets the number of bytes as they come; an error that it throws rejects the body.
    func collect(upTo limit: Int, take: (Int) throws -> Void = { _ in }) async throws -> [UInt8] {
        let tooLarge = Problem(
            .contentTooLarge, "too_large", "the body has more than \(limit) bytes: send less at once")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        var count = 0
        var refusal: (any Error)?
        for try await buffer in request.body {
            count += buffer.readableBytes
            guard count <= limit else { throw tooLarge }
            // The rest is read and dropped: a client that still sends would not see the answer.
            guard refusal == nil else { continue }
            do {
                try take(buffer.readableBytes)
                bytes.append(contentsOf: buffer.readableBytesView)
            } catch { (refusal, bytes) = (error, []) }
        }
        if let refusal { throw refusal }
        return bytes
    }

    /// The request's body as JSON of a type.
    func decode<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let bytes = try await collect(upTo: 64 << 10)
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw Problem(.badRequest, "bad_request", "the body is not valid JSON of this route: see /openapi.json")
        }
    }

    /// Reads a whole report of the store on threads of its own; the token pays for the time.
    func readDetail<Value: Sendable>(
        _ body: @escaping @Sendable (any WebStore) throws -> Value
    ) async throws -> Value {
        try await Blocking.detail { [self] in try charged(body) }
    }

    /// Reads or writes the store, away from the threads that serve requests; the token pays for the time.
    func withStore<Value: Sendable>(_ body: @escaping @Sendable (any WebStore) throws -> Value) async throws -> Value {
        if isNear { return try await Blocking.near { [self] in try charged(body) } }
        // The threads that wait for a store are few.
        if backend.reach.isCutOff { throw StoreReach.Away() }
        return try await Blocking.run { [self] in try charged(body) }
    }

    private func charged<Value>(_ body: (any WebStore) throws -> Value) throws -> Value {
        let begun = ContinuousClock.now
        defer { token.map { backend.access.charge($0, seconds: (ContinuousClock.now - begun) / .seconds(1)) } }
        return try body(store)
    }
}

/// What the routes need of the store.
public typealias WebStore = AuditLog & DeadLetterStore & HostAdministration & InventoryLists & ReportSink & StoreStatus
    & TokenStore & DiscoveryQueue & DiscoveryLists & CollectorRegistry

/// What the routes work with.
public struct Backend: Sendable {
    /// The inventory.
    public let store: any WebStore
    /// Reports that wait to be stored.
    public let queue: IngestQueue
    /// The metrics of this collector.
    public let metrics: Metrics
    /// The audit log.
    public let audit: AuditTrail
    /// The configuration.
    public let live: Live<WebConfiguration>
    /// The log.
    public let logger: Logger
    /// Begins runs of discovery; nil where none is run.
    public var discovery: (any DiscoveryControl)?
    /// How the backups are that the collector takes by itself; nil where it takes none.
    public var backups: @Sendable () -> BackupStatus? = { nil }
    /// The store where copies follow it; nil where none do.
    public var replicated: (any ReplicatedStore)?
    let positions = Positions()
    /// How limits are shared with other collectors on the store.
    public let shares = Shares()
    /// Takes reports while the store cannot be reached; nil where nothing does.
    public let spool: Spool?
    /// Whether the store can be reached.
    public let reach: StoreReach
    let access: Access
    /// The API's description, once it was asked for.
    let description = OnceValue<[UInt8]>()

    /// The parts of an API over `store`.
    ///
    /// - Parameters:
    ///   - spool: takes reports while the store cannot be reached.
    ///   - patience: how long a report waits for the store before the spool takes it.
    public init(
        _ store: any WebStore, _ live: Live<WebConfiguration>, _ logger: Logger, spool: Spool? = nil,
        patience: Duration = .seconds(10)
    ) {
        (self.store, self.spool) = (store, spool)
        reach = StoreReach(hasSpool: spool != nil, patience: patience, logger)
        self.live = live
        self.logger = logger
        metrics = Metrics()
        queue = IngestQueue(store, reach, spool, live.value.limits, metrics, logger)
        audit = AuditTrail(store, metrics, logger)
        access = Access(store, reach, live, shares)
    }
}
