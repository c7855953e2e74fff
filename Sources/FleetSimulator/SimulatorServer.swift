import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix

/// The simulator on an address of loopback.
struct SimulatorServer: Sendable {
    var simulator: Simulator
    var port: Int
    var threads: Int
    /// Called with the port once the server listens.
    var onListening: @Sendable (Int) async -> Void

    func run() async throws {
        let simulator = simulator
        let responder = CallbackResponder<SimulatorContext> { request, context in
            let target = request.head.path ?? "/"
            let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let buffer: ByteBuffer
            do { buffer = try await request.body.collect(upTo: ObjectStore.limit) } catch {
                return Response(status: .contentTooLarge)
            }
            let call = HTTPCall(
                method: request.method.rawValue, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
                authority: request.head.authority ?? "", headers: request.headers, body: Array(buffer.readableBytesView)
            )
            let ((status, headers, body), fault) = await simulator.answer(call)
            if fault == .hang { try? await Task.sleep(for: .seconds(3_600)) }
            // An answer to a closed connection goes nowhere.
            if fault == .reset || fault == .lost { try? await context.channel.close() }
            var fields = HTTPFields()
            for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
            if fault == .half {
                let channel = context.channel
                return Response(
                    status: .init(code: status), headers: fields,
                    body: .init(contentLength: body.count) { writer in
                        try await writer.write(ByteBuffer(bytes: body.prefix(body.count / 2)))
                        try? await channel.close()
                    })
            }
            return Response(
                status: .init(code: status), headers: fields, body: .init(byteBuffer: ByteBuffer(bytes: body)))
        }
        var quiet = Logger(label: "fleet-simulator") { StreamLogHandler.standardError(label: $0) }
        quiet.logLevel = .warning
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let onListening = onListening
        let application = Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: port), backlog: 1_024),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        try await application.runService()
        try await group.shutdownGracefully()
    }
}

/// What belongs to one request, with its connection.
private struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
