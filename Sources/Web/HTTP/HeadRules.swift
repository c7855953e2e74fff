import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Checks the head of a request as it came: a proxy that reads it differently must find no second request in it.
///
/// HTTP/1.1 has one `Host` (RFC 9112, 3.2) and no transfer coding except `chunked` (6.1). It also answers
/// `Expect: 100-continue`, for which curl waits a second.
final class HeadRules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var pending = 0
    private var isRefused = false

    /// Puts the rules before the codec of a channel that is being made.
    static func add(to context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        guard let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) else { return }
        try? pipeline.addHandler(HeadRules(), position: .before(codec))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        if case .head(let head) = unwrapInboundIn(data) {
            if let status = refusal(head) { return refuse(status, head, context) }
            let expects = head.headers["expect"].contains { $0.lowercased() == "100-continue" }
            if expects, pending == 0, head.version.minor >= 1 {
                let answer = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
            }
            pending += 1
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefused else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        if case .end = unwrapOutboundIn(data) { pending -= 1 }
        context.write(data, promise: promise)
    }

    private func refusal(_ head: HTTPRequestHead) -> HTTPResponseStatus? {
        let hosts = head.headers["host"]
        if hosts.count > 1 || (head.version.minor >= 1 && hosts.isEmpty) { return .badRequest }
        let codings = head.headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
        return codings.isEmpty || codings == ["chunked"] ? nil : .notImplemented
    }

    private func refuse(_ status: HTTPResponseStatus, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isRefused = true
        // Answers before this one would be mixed up with it.
        if pending == 0 {
            let reason =
                status == .badRequest ? "send exactly one Host header" : "the only supported transfer coding is chunked"
            let body =
                #"{"detail":"\#(reason)","request_id":"","status":\#(status.code),"title":"\#(status.reasonPhrase)","#
                + #""type":"urn:dbcensus:problem:bad_request"}"#
            let headers: HTTPHeaders = [
                "Content-Type": "application/problem+json", "Content-Length": "\(body.utf8.count)",
                "Connection": "close",
            ]
            let answer = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            context.write(wrapOutboundOut(.head(answer)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }
}
