import Foundation
import Testing

@testable import AWSClient

@Suite("AWS client")
struct AWSClientTests {
    static let nodes = HTTPAnswer.json(
        #"{"InstanceInformationList":[{"InstanceId":"i-1","PingStatus":"Online","LastPingDateTime":1795000000.5}]}"#)

    @Test("a call is signed, and its answer typed")
    func call() async throws {
        let transport = ScriptedTransport([Self.nodes])
        let nodes = try await AWSClient.fake(transport).all(SSM.DescribeInstanceInformation())
        #expect(
            nodes.map(\.instanceId) == ["i-1"] && nodes[0].lastPingDateTime?.timeIntervalSince1970 == 1_795_000_000.5)
        let call = transport.calls[0]
        #expect(call.url == "https://ssm.eu-west-1.amazonaws.com/")
        #expect(call.headers.contains(NamedValue("X-Amz-Target", "AmazonSSM.DescribeInstanceInformation")))
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"MaxResults":50}"#)
        #expect(
            call.headers.contains { $0.name == "Authorization" && $0.value.contains("/eu-west-1/ssm/aws4_request") })
    }

    @Test("throttled twice, then answered: two pauses of the throttled kind, and one success in the metrics")
    func retried() async throws {
        let clock = FakeClock()
        let throttled = HTTPAnswer.error("ThrottlingException")
        let transport = ScriptedTransport([throttled, throttled, Self.nodes])
        let client = AWSClient.fake(transport, clock: clock) { $0.retryMode = .standard }
        _ = try await client.send(SSM.DescribeInstanceInformation())
        #expect(clock.slept == [.seconds(1), .seconds(2)])
        let counts = client.traffic.metrics.snapshot()
        let action = "ssm:DescribeInstanceInformation"
        #expect(counts[.init(action: action, outcome: "throttled")]?.attempts == 2)
        #expect(counts[.init(action: action, outcome: "ok")]?.retries == 1)
    }

    @Test("three attempts at most; the error has the request's id, the action, the account and the region")
    func given() async {
        let transport = ScriptedTransport { _ in
            HTTPAnswer.error(
                "InternalServerError", status: 500, message: "oops", [NamedValue("x-amzn-RequestId", "r-1")])
        }
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(transport).send(SSM.CancelCommand(commandId: "c"))
        }
        #expect(transport.calls.count == 3)
        #expect(error?.kind == .unavailable && error?.requestID == "r-1" && error?.attempts == 3)
        #expect(error?.description == "ssm:CancelCommand in eu-west-1 failed: oops (InternalServerError, request r-1)")
        #expect(error?.account == "111122223333")
    }

    @Test(
        "an answer that will not change is not asked for twice",
        arguments: [
            ("AccessDeniedException", "x", AWSError.Kind.denied),
            ("AccessDeniedException", "with an explicit deny in a service control policy", .deniedBySCP),
            ("UnrecognizedClientException", "x", .unrecognizedCredentials), ("OptInRequired", "x", .regionDisabled),
            ("InvocationDoesNotExist", "x", .notFound), ("InvalidDocument", "x", .notFound),
            ("InvalidInstanceId", "x", .invalid), ("ValidationException", "x", .invalid), ("Strange", "x", .other),
        ])
    func final(code: String, message: String, kind: AWSError.Kind) async {
        let transport = ScriptedTransport([HTTPAnswer.error(code, message: message)])
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(transport).send(SSM.CancelCommand(commandId: "c"))
        }
        #expect(error?.kind == kind && error?.code == code)
    }

    @Test("credentials that expired in mid-run: fresh ones, once, and at once")
    func expired() async throws {
        let clock = FakeClock()
        let source = CachedCredentialsTests.Source(clock)
        let transport = ScriptedTransport([HTTPAnswer.error("ExpiredTokenException"), Self.nodes])
        let client = AWSClient.fake(
            transport, clock: clock, credentials: CachedCredentials(source, now: { clock.now }))
        _ = try await client.send(SSM.DescribeInstanceInformation())
        #expect(source.count == 2 && clock.slept.isEmpty)
        #expect(transport.calls[1].headers.contains { $0.value.contains("Credential=K2/") })
        let always = ScriptedTransport { _ in HTTPAnswer.error("ExpiredTokenException") }
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(always, credentials: CachedCredentials(source, now: { clock.now })).send(
                SSM.DescribeInstanceInformation())
        }
        #expect(error?.kind == .expired && always.calls.count == 2)
    }

    @Test(
        "a clock that is off is named, with the minutes",
        arguments: [(20.0, "20 minutes ahead of"), (-20, "20 minutes behind")])
    func skew(minutes: Double, words: String) async {
        let clock = FakeClock(Date(timeIntervalSince1970: 1_795_000_000 + minutes * 60))
        // 2026-11-18 11:06:40 UTC is 1795000000.
        let transport = ScriptedTransport([
            HTTPAnswer.error(
                "InvalidSignatureException", message: "Signature expired",
                [NamedValue("Date", "Wed, 18 Nov 2026 11:06:40 GMT")])
        ])
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(transport, clock: clock).send(SSM.CancelCommand(commandId: "c"))
        }
        #expect(error?.kind == .skewedClock && error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        "answers that are no answers: an error that says what came",
        arguments: [
            ("<html><body>Sign in to the hotel", "text/html"), ("", "application/json"), ("[1]", "application/json"),
            (#"{"InstanceInformationList": 7}"#, "application/x-amz-json-1.1"), ("{\"a", "application/json"),
        ])
    func malformed(body: String, type: String) async {
        let transport = ScriptedTransport([HTTPAnswer.json(body, [NamedValue("Content-Type", type)])])
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(transport).send(SSM.ListCommandInvocations(commandId: "c"))
        }
        // An empty answer is an empty list.
        #expect(error?.kind == (body.isEmpty || body.contains("Information") ? nil : .malformed))
        if body.hasPrefix("<html") { #expect(error?.message.contains("text/html, begins with \"<html>") == true) }
    }

    @Test("HTML with status 403, a redirection, a hostile message: typed, and no control character in the excerpt")
    func strangeErrors() async {
        func error(_ status: Int, _ body: String, _ headers: [NamedValue] = []) async -> AWSError? {
            let transport = ScriptedTransport { _ in HTTPAnswer.json(body, status: status, headers) }
            return await awsError { () async throws(AWSError) in
                try await AWSClient.fake(transport).send(S3.HeadObject(bucket: "b-1", key: "k"))
            }
        }
        #expect(
            await error(301, "<html>", [NamedValue("x-amz-bucket-region", "eu-north-1")])?.message.contains(
                "the region eu-north-1") == true)
        #expect(await error(301, "")?.kind == .redirected)
        #expect(await error(403, "")?.kind == .denied)
        #expect(await error(404, "")?.kind == .notFound)
        #expect(await error(418, "\u{1B}[31mtea\u{202E}")?.message.contains("\"[31mtea\"") == true)
    }

    @Test("pages: each token is sent; a token that comes twice is an error, not a loop")
    func pages() async throws {
        @Sendable func page(_ ids: String, _ token: String?) -> ScriptedTransport.Answer {
            HTTPAnswer.json(#"{"Accounts":[\#(ids)]\#(token.map { #","NextToken":"\#($0)""# } ?? "")}"#)
        }
        let transport = ScriptedTransport([
            page(#"{"Id":"1","State":"ACTIVE"}"#, "t1"), page("", "t2"), page(#"{"Id":"2","Status":"SUSPENDED"}"#, nil),
        ])
        let accounts = try await AWSClient.fake(transport).all(Organizations.ListAccounts())
        #expect(accounts.map { $0.id + ($0.currentState ?? "") } == ["1ACTIVE", "2SUSPENDED"])
        #expect(
            transport.calls.map { String(decoding: $0.body, as: UTF8.self).contains("t1") } == [false, true, false])
        let loop = ScriptedTransport { _ in page("", "same") }
        let error = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(loop).all(Organizations.ListAccounts())
        }
        #expect(error?.message.contains("the same page token twice") == true && loop.calls.count == 2)
        let circle = ScriptedTransport([page("", "a"), page("", "b"), page("", "a"), page("", nil)])
        let again = await awsError { () async throws(AWSError) in
            try await AWSClient.fake(circle).all(Organizations.ListAccounts())
        }
        #expect(again?.message.contains("the same page token twice") == true && circle.calls.count == 3)
    }

    @Test("an assumed role is asked for once, and signs in its account")
    func assumed() async throws {
        let transport = ScriptedTransport([CredentialChainTests.role("SPOKE"), Self.nodes, Self.nodes])
        let client = AWSClient.fake(transport).assuming(
            role: "arn:aws:iam::444455556666:role/dbcensus-spoke", session: "run-1", externalID: "x")
        #expect(client.account == "444455556666")
        for _ in 0..<2 { _ = try await client.send(SSM.DescribeInstanceInformation()) }
        #expect(transport.calls.count == 3)
        #expect(transport.calls[2].headers.contains { $0.value.contains("Credential=SPOKE/") })
    }

    @Test("the documentation lists every action with its roles and its reason")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operate/aws.md")
        let text = try String(contentsOf: root, encoding: .utf8)
        for action in ActionList.all {
            let roles = AWSRole.allCases.filter(action.roles.contains).map(\.rawValue).joined(separator: ", ")
            #expect(text.contains("| `\(action.label)` | \(roles) | \(action.reason) |"))
        }
        #expect(text.matches(of: /(?m)^\| `\w+:\w+` \|/).count == ActionList.all.count)
    }

    @Test("every action is listed once, has a reason that ends in a full stop, and a role")
    func list() {
        let labels = ActionList.all.map(\.label)
        #expect(Set(labels).count == labels.count)
        for action in ActionList.all {
            #expect(action.reason.hasSuffix(".") && !action.roles.isEmpty, "\(action.label)")
        }
    }
}
