import Hummingbird
import HummingbirdCore
import NIOCore
import Report

/// Packs answers with gzip for clients that accept it. A stream passes as it is: its bytes are not all there yet.
struct CompressionMiddleware: RouterMiddleware {
    /// Smaller bodies are not worth it.
    static let least = 1_024

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.vary] = "Accept, Accept-Encoding, Authorization"
        guard let length = response.body.contentLength, length >= Self.least, Self.accepts(request) else {
            return response
        }
        let bytes = try await response.body.bytes()
        guard let packed = try? Gzip.compress(bytes, level: .fast) else {
            response.body = .init(byteBuffer: ByteBuffer(bytes: bytes))
            return response
        }
        response.headers[.contentEncoding] = "gzip"
        response.headers[.contentLength] = nil
        response.body = .init(byteBuffer: ByteBuffer(bytes: packed))
        return response
    }

    private static func accepts(_ request: Request) -> Bool {
        (request.headers[.acceptEncoding] ?? "").lowercased().split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
            return ["gzip", "*"].contains(words.first ?? "")
                && !words.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" }
        }
    }
}

extension ResponseBody {
    /// The bytes of a body that has a length.
    func bytes() async throws -> [UInt8] {
        let collector: any ResponseBodyWriter = Collector()
        try await write(collector)
        return (collector as? Collector)?.bytes ?? []
    }

    private final class Collector: ResponseBodyWriter {
        var bytes: [UInt8] = []

        func write(_ buffer: ByteBuffer) async throws { bytes.append(contentsOf: buffer.readableBytesView) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
