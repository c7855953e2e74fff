import AsyncHTTPClient
import Foundation
import Inventory
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL
import Report

/// A collector that answers over HTTP.
struct Remote: Sendable {
    /// The collector's URL, without a slash at its end.
    let base: String
    private let token: String
    let caFile: String?
    /// The largest answer.
    private static let answerLimit = 64 << 20

    init(url: String, tokenFile: String?, caFile: String?) throws {
        guard let parts = URL(string: url), ["http", "https"].contains(parts.scheme ?? ""), parts.host != nil else {
            throw CollectorError(
                exitCode: .usage, message: "--server \(url): the URL must begin with http:// or https://")
        }
        guard let tokenFile else { throw CollectorError(exitCode: .usage, message: "--server needs --token-file") }
        guard let data = FileManager.default.contents(atPath: tokenFile), data.count < 4_096 else {
            throw CollectorError(exitCode: .noInput, message: "cannot read a token from \(tokenFile)")
        }
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        self.caFile = caFile
    }

    /// Gets `path` below `/api/v1/` as a type.
    ///
    /// - Parameter list: the list that rows in the answer are of.
    func get<Answer: Decodable & Sendable>(
        _ path: String, _ query: [(String, String)], list: List?
    ) async throws -> Answer {
        let body = try await get(path, query)
        let decoder = Report.decoder()
        if let list { decoder.userInfo[ListRow.listKey] = list }
        do { return try decoder.decode(Answer.self, from: body) } catch {
            throw CollectorError(
                exitCode: .unavailable,
                message: "\(base) did not answer as a collector does: check the URL. The answer: \(error)")
        }
    }

    /// Gets `path` below `/api/v1/`.
    func get(_ path: String, _ query: [(String, String)]) async throws -> Data {
        try await send(.GET, path, query)
    }

    /// Posts `body` as JSON to `path` below `/api/v1/`.
    func post(_ path: String, _ body: some Encodable, headers: [(String, String)] = []) async throws -> Data {
        try await send(.POST, path, [], body: try Report.encoder(.minified).encode(body), headers: headers)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)], body: Data? = nil,
        headers: [(String, String)] = []
    ) async throws -> Data {
        var components = URLComponents()
        components.queryItems = query.isEmpty ? nil : query.map { URLQueryItem(name: $0.0, value: $0.1) }
        // URLQueryItem leaves a plus sign alone, which means a blank to the other side.
        let text = components.percentEncodedQuery.map { "?" + $0.replacing("+", with: "%2B") } ?? ""
        let url = "\(base)/api/v1/\(path)\(text)"
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        if let caFile {
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(caFile)
        }
        let client = HTTPClient(configuration: configuration)
        let result: Result<(status: Int, body: Data), any Error>
        do {
            var request = HTTPClientRequest(url: url)
            request.method = method
            request.headers = ["Authorization": "Bearer \(token)", "Accept": "application/json"]
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            if let body {
                request.headers.add(name: "Content-Type", value: "application/json")
                request.body = .bytes(ByteBuffer(data: body))
            }
            let response = try await client.execute(request, timeout: .seconds(60))
            let body = try await response.body.collect(upTo: Self.answerLimit)
            result = .success((Int(response.status.code), Data(buffer: body)))
        } catch { result = .failure(error) }
        try await client.shutdown()
        switch result {
        case .failure(let error):
            throw CollectorError(exitCode: .unavailable, message: "cannot reach \(base): \(Self.reason(error))")
        case .success(let answer) where (200..<300).contains(answer.status): return answer.body
        case .success(let answer): throw refusal(answer.status, answer.body)
        }
    }

    /// What went wrong, in words.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError where error.dnsAError == nil || error.dnsAAAAError == nil:
            let causes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
            return causes.first.map { String(cString: strerror($0)) } ?? "nothing listens on that port"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case is NIOConnectionError: return "there is no host with that name"
        case NIOSSLError.handshakeFailed:
            return "its certificate is not trusted (name its authority with --ca-file), or it does not speak TLS"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "it closed the connection: try https://"
        case let error as HTTPClientError where [.connectTimeout, .deadlineExceeded].contains(error):
            return "it did not answer in time"
        default: return "\(error)"
        }
    }

    private func refusal(_ status: Int, _ body: Data) -> CollectorError {
        struct Details: Decodable { var detail: String }
        let detail = (try? JSONDecoder().decode(Details.self, from: body))?.detail ?? "status \(status)"
        let code: ExitStatus =
            switch status {
            case 400, 404, 409: .usage
            case 401, 403: .noPermission
            default: .unavailable
            }
        return CollectorError(exitCode: code, message: "\(base): \(detail)")
    }
}
