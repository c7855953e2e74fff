import NIOCore
import NIOHTTPTypes
import Synchronization

/// Closes connections that hold resources without using them: a header or a body that does not arrive, an answer that
/// the client does not read, a connection without a request.
public final class Deadlines: ChannelDuplexHandler, RemovableChannelHandler {
    /// Parts of requests.
    public typealias InboundIn = HTTPRequestPart
    /// The same parts.
    public typealias InboundOut = HTTPRequestPart
    /// Parts of answers.
    public typealias OutboundIn = HTTPResponsePart
    /// The same parts.
    public typealias OutboundOut = HTTPResponsePart

    private let header: TimeAmount
    private let body: TimeAmount
    private let idle: TimeAmount
    /// What must come: a header, a body, or the next request.
    private var incoming: Scheduled<Void>?
    /// An answer that must be read. A client may send its next request meanwhile, so it has a time of its own.
    private var outgoing: Scheduled<Void>?
    /// Requests without a whole answer yet.
    private var pending = 0

    /// Connections by address; nil behind a proxy, which has one address for all clients.
    private let addresses: Addresses?
    private var address: String?

    /// The times in `limits`; connections by address are counted in `addresses`.
    public init(_ limits: WebConfiguration.Limits, _ addresses: Addresses?) {
        self.addresses = addresses
        header = .seconds(Int64(limits.headerSeconds))
        body = .seconds(Int64(limits.bodySeconds))
        idle = .seconds(Int64(limits.idleSeconds))
    }

    /// Begins to wait for a header.
    public func handlerAdded(context: ChannelHandlerContext) {
        address = context.channel.remoteAddress?.ipAddress
        if let addresses, let address, !addresses.enter(address) {
            self.address = nil
            incoming = close(.zero, context)
            return
        }
        incoming = close(header, context)
        HeadRules.add(to: context)
    }

    /// Stops every clock.
    public func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    /// Stops every clock.
    public func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    /// A header begins the time of its body.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            pending += 1
            incoming?.cancel()
            incoming = close(body, context)
        case .body: break
        case .end: incoming?.cancel()
        }
        context.fireChannelRead(data)
    }

    /// An answer has to be read in time.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            outgoing?.cancel()
            outgoing = close(body, context)
            context.write(data, promise: promise)
        case .body:
            // A stream makes progress with each part that the client reads.
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            written.futureResult.whenSuccess {
                let (handler, context) = bound.value
                guard handler.outgoing != nil else { return }
                handler.outgoing?.cancel()
                handler.outgoing = handler.close(handler.body, context)
            }
            context.write(data, promise: written)
        case .end:
            // The answer has left once its last part is written to the socket.
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            written.futureResult.whenSuccess {
                let (handler, context) = bound.value
                handler.answered(context)
            }
            context.write(data, promise: written)
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        pending -= 1
        outgoing?.cancel()
        outgoing = nil
        guard pending == 0 else { return }
        incoming?.cancel()
        incoming = close(idle, context)
    }

    private func cancel() {
        if let address { addresses?.leave(address) }
        address = nil
        incoming?.cancel()
        outgoing?.cancel()
        outgoing = nil
    }

    private func close(_ time: TimeAmount, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }
}

/// How many connections there are from each address.
public final class Addresses: Sendable {
    private let limit: Int
    private let counts = Mutex<[String: Int]>([:])

    /// At most `limit` connections from each address.
    public init(limit: Int) { self.limit = limit }

    /// Counts a connection from `address`; false when there are too many already.
    func enter(_ address: String) -> Bool {
        counts.withLock { counts in
            guard counts[address, default: 0] < limit else { return false }
            counts[address, default: 0] += 1
            return true
        }
    }

    /// A connection from `address` has ended.
    func leave(_ address: String) {
        counts.withLock { counts in
            let count = counts[address, default: 1] - 1
            counts[address] = count > 0 ? count : nil
        }
    }
}
