import Foundation
import Synchronization

@testable import AWSClient

/// A transport that answers from a list, and remembers what it was asked.
final class ScriptedTransport: HTTPTransport {
    typealias Answer = Result<HTTPAnswer, TransportError>

    private struct State {
        var calls: [HTTPCall] = []
        var answers: [Answer]
    }

    private let state: Mutex<State>
    private let reply: (@Sendable (HTTPCall) -> Answer)?

    init(_ answers: [Answer]) {
        state = Mutex(State(answers: answers))
        reply = nil
    }

    init(_ reply: @escaping @Sendable (HTTPCall) -> Answer) {
        state = Mutex(State(answers: []))
        self.reply = reply
    }

    var calls: [HTTPCall] { state.withLock { $0.calls } }

    func send(_ call: HTTPCall, timeout: Duration, limit: Int) async throws(TransportError) -> HTTPAnswer {
        let answer = state.withLock { state -> Answer? in
            state.calls.append(call)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer = answer ?? reply?(call) else {
            throw TransportError(.connection, "the script of the test has no answer for \(call.url)")
        }
        return try answer.get()
    }
}

/// A clock that only `sleep` moves.
final class FakeClock: Sendable {
    private let state: Mutex<(now: Date, slept: [Duration])>

    init(_ now: Date = Date(timeIntervalSince1970: 1_795_000_000)) { state = Mutex((now, [])) }

    var now: Date { state.withLock { $0.now } }
    var slept: [Duration] { state.withLock { $0.slept } }

    func advance(_ seconds: Double) { state.withLock { $0.now.addTimeInterval(seconds) } }

    func sleep(_ duration: Duration) {
        state.withLock {
            $0.slept.append(duration)
            $0.now.addTimeInterval(duration / .seconds(1))
        }
    }
}

/// Files in memory.
final class FakeFiles: FileAccess {
    private let files: Mutex<[String: String]>

    init(_ files: [String: String]) { self.files = Mutex(files) }

    subscript(_ path: String) -> String? { files.withLock { $0[path] } }

    func read(_ path: String, limit: Int) throws(AWSError) -> [UInt8]? {
        files.withLock { $0[path] }.map { Array($0.utf8) }
    }

    func replace(_ path: String, with bytes: [UInt8]) throws(AWSError) {
        files.withLock { $0[path] = String(decoding: bytes, as: UTF8.self) }
    }
}

extension AWSEnvironment {
    static func fake(
        _ variables: [String: String] = [:], files: FakeFiles = FakeFiles([:]), clock: FakeClock = FakeClock(),
        transport: ScriptedTransport = ScriptedTransport([]), random: Double = 1
    ) -> AWSEnvironment {
        AWSEnvironment(
            variables: ["HOME": "/home/me"].merging(variables) { $1 }, transport: transport, files: files,
            now: { clock.now },
            sleep: { duration async throws(CancellationError) in clock.sleep(duration) }, random: { random },
            run: { words, _ async throws(AWSError) in
                throw AWSError(.credentials, "the test runs no \(words[0])")
            })
    }
}

extension AWSCredentials {
    static let test = AWSCredentials(accessKeyID: "AKID", secretAccessKey: "SECRET", source: "the test")
}

extension AWSClient {
    static func fake(
        _ transport: ScriptedTransport, clock: FakeClock = FakeClock(),
        credentials: (any CredentialsProvider)? = StaticCredentials(.test), random: Double = 1,
        change: (inout AWSSettings) -> Void = { _ in }
    ) -> AWSClient {
        var settings = AWSSettings()
        change(&settings)
        return AWSClient(
            environment: .fake(clock: clock, transport: transport, random: random), settings: settings,
            credentials: credentials, account: "111122223333", region: "eu-west-1")
    }
}

extension HTTPAnswer {
    static func json(_ text: String, status: Int = 200, _ headers: [NamedValue] = []) -> ScriptedTransport.Answer {
        .success(HTTPAnswer(status: status, headers: headers, body: Array(text.utf8)))
    }

    static let identity = json(
        "<GetCallerIdentityResponse xmlns=\"x\"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>"
            + "<UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    static func error(
        _ code: String, status: Int = 400, message: String = "no", _ headers: [NamedValue] = []
    ) -> ScriptedTransport.Answer {
        json("{\"__type\":\"com.amazonaws.ssm#\(code)\",\"message\":\"\(message)\"}", status: status, headers)
    }
}

/// The error that `body` throws.
func awsError<Value>(_ body: () async throws(AWSError) -> Value) async -> AWSError? {
    do throws(AWSError) {
        _ = try await body()
        return nil
    } catch { return error }
}
