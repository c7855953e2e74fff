import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inventory
import Logging
import NIOCore
import Report
import ServiceLifecycle
import Store
import Stores
import TestPlaces

@testable import Web

/// An API over a store of its own, asked without a socket.
struct TestAPI {
    let store: InventoryStore
    let backend: Backend
    let live: Live<WebConfiguration>

    init(_ change: (inout WebConfiguration) -> Void = { _ in }) throws {
        store = try InventoryStore(path: try TestPlace.make())
        var configuration = WebConfiguration()
        configuration.version = "0.1.0"
        configuration.limits.requestsPerSecond = 100_000
        configuration.limits.requestBurst = 100_000
        change(&configuration)
        live = Live(configuration)
        backend = Backend(store, live, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A new token with these scopes, after `change`.
    func token(_ scopes: String..., change: (inout TokenMaker.Wanted) -> Void = { _ in }) throws -> String {
        var wanted = TokenMaker.Wanted(name: "test", scopes: scopes)
        change(&wanted)
        let made = try TokenMaker.make(wanted, now: Date())
        try store.addToken(made.row, hash: made.token.hash)
        return made.token.text
    }

    /// Runs `body` with a client; reports that it sends are stored.
    func run(
        _ endpoints: [Endpoint]? = nil, _ body: @escaping @Sendable (API) async throws -> Void
    ) async throws {
        let application = Application(
            responder: APIRouter.responder(backend, endpoints ?? Endpoint.all(store.catalog)),
            services: [backend.audit, backend.queue], logger: backend.logger)
        try await application.test(.router) { try await body(API(client: $0)) }
    }
}

/// Asks the API of a test.
struct API: Sendable {
    let client: any TestClientProtocol

    func send(
        _ method: HTTPRequest.Method = .get, _ path: String, token: String? = nil, accept: String? = nil,
        _ more: HTTPFields = [:], body: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = more
        if let token { headers[.authorization] = "Bearer \(token)" }
        if let accept { headers[.accept] = accept }
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
        return Answer(
            status: response.status.code, headers: response.headers, bytes: Array(response.body.readableBytesView))
    }
}

struct Answer {
    var status: Int
    var headers: HTTPFields
    var bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:] }
    var items: [[String: Any]] { object["items"] as? [[String: Any]] ?? [] }
    /// The stable word of a problem.
    var problem: String { (object["type"] as? String)?.split(separator: ":").last.map(String.init) ?? "" }
    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

extension Report {
    /// A host's report with MySQL servers at `paths`.
    static func of(
        _ machine: Character, hostname: String = "db1", account: String? = nil, region: String? = nil,
        _ paths: [String] = ["/a"], minute: Int = 0, change: (inout Report) -> Void = { _ in }
    ) -> Report {
        var host = Report.Host()
        host.hostname = hostname
        host.machineID = String(repeating: machine, count: 32)
        if account != nil || region != nil {
            host.cloud = Report.Cloud(provider: "aws")
            host.cloud?.accountID = account
            host.cloud?.region = region
        }
        let scan = Report.Scan(
            startedAt: Date(timeIntervalSince1970: 1_790_000_000 + Double(minute) * 60), durationMs: 1,
            status: .complete, privileged: true, sandbox: .init(seccomp: false, landlock: false), processesSeen: 1,
            problems: [])
        var report = Report(
            agent: .init(version: "0.1.0", architecture: "x86_64"), host: host, scan: scan,
            databases: paths.map { path in
                var database = Report.Database(key: "mysql:" + path, engine: "mysql", state: .running)
                database.version = "8.0.36"
                database.versionPrecision = .exact
                database.identity = ["server_uuid": "uuid-\(machine)-\(path)"]
                database.dataDirectories = [.init(path: path, hostPath: path, purpose: .data)]
                return database
            })
        change(&report)
        return report
    }
}
