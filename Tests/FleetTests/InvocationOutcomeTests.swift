import AWSClient
import Foundation
import Inventory
import Testing

@testable import Fleet

@Suite("What an invocation's end means")
struct InvocationOutcomeTests {
    static let batch = Batch(
        row: 1, comment: "c", state: .sent, architecture: "x86_64", fetches: false, commandID: "x", sendingAt: nil,
        hosts: [:])

    static func invocation(_ status: String, _ details: String?, code: Int? = nil) throws -> SSM.Invocation {
        let step = code.map { #","commandPlugins":[{"name":"download"},{"name":"scan","responseCode":\#($0)}]"# } ?? ""
        let words = details.map { #","statusDetails":"\#($0)""# } ?? ""
        let json = #"{"commandId":"x","instanceId":"i-1","status":"\#(status)"\#(words)\#(step)}"#
        return try JSONDecoder().decode(SSM.Invocation.self, from: Data(json.utf8))
    }

    @Test(
        "status and details, with and without blanks",
        arguments: [
            ("TimedOut", "Delivery Timed Out", Reason.undeliverable), ("TimedOut", "DeliveryTimedOut", .undeliverable),
            ("TimedOut", "Execution Timed Out", .timedOut), ("TimedOut", "ExecutionTimedOut", .timedOut),
            ("Failed", "Undeliverable", .undeliverable), ("Failed", "Terminated", .undeliverable),
            ("Failed", "Invalid Platform", .unsupportedPlatform), ("Failed", "AccessDenied", .accessDenied),
            ("Cancelled", "Cancelled", .cancelled), ("Failed", "Failed", .failed), ("TimedOut", nil, .timedOut),
        ] as [(String, String?, Reason)])
    func words(status: String, details: String?, reason: Reason) throws {
        let outcome = InvocationOutcome.of(try Self.invocation(status, details), Self.batch, attempt: 2)
        guard case .ended(let found, _, let again) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(found == reason && again == nil)
    }

    @Test("what goes on, and what was printed", arguments: ["Pending", "InProgress", "Delayed", "Cancelling"])
    func open(status: String) throws {
        #expect(InvocationOutcome.of(try Self.invocation(status, status), Self.batch, attempt: 1) == .open)
        #expect(InvocationOutcome.of(try Self.invocation("Success", "Success"), Self.batch, attempt: 1) == .printed)
    }

    @Test("exit codes of the document; the table is the one of the documentation")
    func codes() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "docs/operate/ssm-document.md"), encoding: .utf8)
        for (code, detail) in InvocationOutcome.exitCodes { #expect(page.contains("| \(code) | `\(detail)` |")) }
        func end(_ code: Int, attempt: Int = 1, fetches: Bool = false) throws -> InvocationOutcome {
            var batch = Self.batch
            batch.fetches = fetches
            return InvocationOutcome.of(try Self.invocation("Failed", "Failed", code: code), batch, attempt: attempt)
        }
        #expect(try end(53) == .ended(.failed, detail: "hash_mismatch", again: nil))
        #expect(try end(55) == .ended(.timedOut, detail: "agent_timed_out", again: nil))
        #expect(try end(42) == .ended(.unsupportedPlatform, detail: "unsupported_architecture", again: nil))
        #expect(try end(7) == .ended(.failed, detail: "exit_7", again: nil))
        // The agent that a host should have kept is fetched, once.
        #expect(try end(50) == .ended(.failed, detail: "agent_missing", again: .init(fetches: true)))
        #expect(try end(50, fetches: true) == .ended(.failed, detail: "agent_missing", again: nil))
        #expect(
            try end(43)
                == .ended(.failed, detail: "wrong_architecture", again: .init(fetches: true, architecture: "aarch64")))
        #expect(try end(43, attempt: 2) == .ended(.failed, detail: "wrong_architecture", again: nil))
    }

    @Test("an output that the list cut is asked for again")
    func cut() {
        #expect(InvocationOutput.isCut(String(repeating: "a", count: 2_478) + "---Output truncated---"))
        #expect(InvocationOutput.isCut(String(repeating: "a", count: 2_500)))
        #expect(!InvocationOutput.isCut(String(repeating: "a", count: 2_499)))
    }

    @Test(
        "a frame that ends too early is cut; anything else is no report",
        arguments: [
            ("-----BEGIN DBCENSUS REPORT 2 900 1a-----\nQUJD", Reason.truncated),
            ("-----BEGIN DBCENSUS REPORT 2 900 1a-----\nQUJD--output truncated--", .truncated),
            ("-----BEGIN DBCENSUS REPORT 2 900 1a-----\n<b>", .badReport), ("motd", .badReport), ("", .badReport),
        ])
    func outputs(text: String, reason: Reason) throws {
        let (report, _, failure) = try ReportIntake.read(text, catalog: .current) { $0.map { _ in nil } }
        #expect(failure?.reason == reason || (reason == .badReport && report != nil))
    }
}

@Suite("When commands are looked at")
struct PollPaceTests {
    @Test("the first commands find out how long one takes, and the others wait for it")
    func scouts() {
        let pace = PollPace()
        #expect((0..<5).map { _ in pace.isScout() } == [true, true, true, false, false])
        #expect(pace.pause(waited: 1, isScout: true) == 0.5 && pace.pause(waited: 2, isScout: true) == nil)
        #expect(pace.pause(waited: 29, isScout: false) == 0.5 && pace.pause(waited: 30, isScout: false) == nil)
        pace.ended(after: 10)
        #expect(pace.pause(waited: 10, isScout: false) == 0.5 && pace.pause(waited: 10.6, isScout: false) == nil)
        #expect(!pace.isScout(), "it is known now")
    }

    @Test("intervals grow, and end at half a minute")
    func growth() {
        let pace = PollPace()
        var waits = [0.0]
        for _ in 0..<10 { waits.append(pace.next(after: waits[waits.count - 1])) }
        #expect(waits == waits.sorted() && waits[1] == 1.6 && waits.last == 30)
    }
}

@Suite("Places that accounts share")
struct FairLimiterTests {
    @Test("a place is given back, however the work ends")
    func with() async throws {
        struct Failure: Error {}
        let limiter = FairLimiter(1)
        await #expect(throws: Failure.self) { try await limiter.with("a") { throw Failure() } }
        #expect(await limiter.with("b") { 1 } == 1)
    }

    @Test("accounts get places in turns, however many batches one of them has")
    func turns() async {
        let limiter = FairLimiter(1)
        await limiter.take("big")
        let order = AsyncStream<String>.makeStream()
        await withTaskGroup(of: Void.self) { group in
            for (number, account) in ["big", "big", "big", "small"].enumerated() {
                group.addTask {
                    await limiter.take(account)
                    order.continuation.yield(account)
                    await limiter.giveBack()
                }
                while await limiter.count <= number { await Task.yield() }
            }
            await limiter.giveBack()
        }
        order.continuation.finish()
        var found: [String] = []
        for await account in order.stream { found.append(account) }
        #expect(found == ["big", "small", "big", "big"])
    }

    @Test("other processes take their part of the places, and give it back")
    func resize() async {
        let limiter = FairLimiter(4)
        for _ in 0..<4 { await limiter.take("a") }
        // Two of them belong to others now: two are given back before one is free.
        await limiter.resize(2)
        let waiting = Task { await limiter.take("b") }
        while await limiter.count == 0 { await Task.yield() }
        for _ in 0..<2 { await limiter.giveBack() }
        #expect(await limiter.count == 1)
        await limiter.giveBack()
        await waiting.value
        #expect(await limiter.count == 0)
        // One process more ended: what waits goes on at once.
        let next = Task { await limiter.take("c") }
        while await limiter.count == 0 { await Task.yield() }
        await limiter.resize(4)
        await next.value
    }
}
