import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Report
import Terminal

/// An answer of a route. Its kind decides on the headers that belong to it.
struct Reply: Sendable {
    /// What an answer is.
    enum Kind: Sendable, Equatable {
        case json
        /// RFC 9457.
        case problem
        /// RFC 4180, with a header line.
        case csv
        /// One JSON object a line.
        case ndjson
        /// Server-sent events.
        case events
        /// Text for programs, such as metrics.
        case text(String)
        /// A page of the dashboard.
        case html
        /// A file that belongs to pages, under a name that changes with its content.
        case asset(String)

        /// The media type.
        var contentType: String {
            switch self {
            case .json: "application/json"
            case .problem: "application/problem+json"
            case .csv: "text/csv; charset=utf-8; header=present"
            case .ndjson: "application/x-ndjson"
            case .events: "text/event-stream"
            case .text(let type), .asset(let type): type
            case .html: "text/html; charset=utf-8"
            }
        }
    }

    /// The bytes, whole or as they are made.
    enum Body: Sendable {
        case bytes([UInt8])
        /// Gives the next bytes each time it is asked, and nil at the end: the answer is never in memory whole.
        case stream(@Sendable () async throws -> [UInt8]?)
    }

    var status: HTTPResponse.Status
    var kind: Kind
    var headers: HTTPFields = [:]
    var body: Body

    init(status: HTTPResponse.Status = .ok, _ kind: Kind = .json, _ bytes: [UInt8] = []) {
        self.status = status
        self.kind = kind
        let isJSON = kind == .json || kind == .problem
        body = .bytes(isJSON ? PlainText.escapedJSON(bytes) : bytes)
    }

    /// An answer whose bytes are made while it is sent.
    init(_ kind: Kind, stream: @escaping @Sendable () async throws -> [UInt8]?) {
        status = .ok
        self.kind = kind
        body = .stream(stream)
    }

    /// `value` as JSON with sorted keys.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Reply {
        Reply(status: status, .json, Array(try Report.encoder(.minified).encode(value)))
    }

    /// The response, with the headers of its kind.
    func response() -> Response {
        var headers = headers
        switch body {
        case .bytes(let bytes):
            headers[.contentType] = bytes.isEmpty ? nil : kind.contentType
            if case .asset = kind { headers[.cacheControl] = "public, max-age=31536000, immutable" }
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let next):
            headers[.contentType] = kind.contentType
            return Response(
                status: status, headers: headers,
                body: .init { writer in
                    while let bytes = try await next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                    try await writer.finish(nil)
                })
        }
    }
}
