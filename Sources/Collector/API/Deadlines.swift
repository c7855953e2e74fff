import NIOCore
import NIOHTTPTypes

/// Closes connections that hold on to what they do not use: a header or a body that does not come, an answer that is not
/// read, a connection without a request.
final class Deadlines: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let header: TimeAmount
    private let body: TimeAmount
    private let idle: TimeAmount
    private var timer: Scheduled<Void>?
    private var isWriting = false

    init(_ limits: Configuration.Limits) {
        header = .seconds(Int64(limits.headerSeconds))
        body = .seconds(Int64(limits.bodySeconds))
        idle = .seconds(Int64(limits.idleSeconds))
    }

    func handlerAdded(context: ChannelHandlerContext) { start(header, context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: start(body, context)
        case .body: break
        case .end: timer?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            isWriting = true
            start(body, context)
        case .body: break
        case .end: isWriting = false
        }
        let isEnd = !isWriting
        let written = promise ?? context.eventLoop.makePromise()
        if isEnd {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            // The answer has left once the last part is written to the socket.
            written.futureResult.whenSuccess {
                let (handler, context) = bound.value
                handler.start(handler.idle, context)
            }
        }
        context.write(data, promise: written)
    }

    private func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }
}
