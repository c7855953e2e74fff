import Foundation
import Testing

@testable import AWSClient

@Suite("Retries")
struct RetryTests {
    @Test("the pause doubles up to 20 s, from 50 ms or from 1 s; a server may ask for more, up to a minute")
    func backoff() {
        func pause(_ retry: Int, _ isThrottled: Bool, asked: Double? = nil, random: Double = 1) -> Duration {
            Backoff.pause(retry: retry, isThrottled: isThrottled, asked: asked, random: random)
        }
        #expect((0..<4).map { pause($0, false) } == [.seconds(0.05), .seconds(0.1), .seconds(0.2), .seconds(0.4)])
        #expect((0..<7).map { pause($0, true) }.suffix(3) == [.seconds(16), .seconds(20), .seconds(20)])
        #expect(pause(60, true) == .seconds(20))
        #expect(pause(2, true, random: 0.5) == .seconds(2))
        #expect(pause(0, true, asked: 7) == .seconds(7))
        #expect(pause(0, true, asked: 1e9) == .seconds(60))
    }

    @Test("x-amz-retry-after is in milliseconds, Retry-After in seconds")
    func asked() {
        func asked(_ name: String, _ value: String) -> Double? {
            Backoff.asked(HTTPAnswer(status: 503, headers: [NamedValue(name, value)]))
        }
        #expect(asked("X-Amz-Retry-After", "1500") == 1.5)
        #expect(asked("Retry-After", "2") == 2)
        #expect(asked("Retry-After", "-2") == nil && asked("Retry-After", "Wed, 21 Oct") == nil)
    }

    @Test("the budget: 35 transient retries, or 100 throttled ones; successes give back")
    func budget() {
        let budget = RetryBudget()
        var count = 0
        while budget.take(isThrottled: false) != nil { count += 1 }
        #expect(count == 35 && budget.left == 10)
        budget.succeeded(taken: nil)
        budget.succeeded(taken: 14)
        #expect(budget.left == 25)
        for _ in 0..<1_000 { budget.succeeded(taken: nil) }
        #expect(budget.left == 500)
    }

    @Test("the rate: free until AWS throttles, then below what was sent, and growing again")
    func adaptive() throws {
        let rate = AdaptiveRate(at: 0)
        var time = 0.0
        for _ in 0..<200 {
            #expect(rate.reserve(at: time, longest: 60) == 0)
            time += 0.05
            rate.answered(isThrottled: false, at: time)
        }
        #expect(rate.rate == nil)
        rate.answered(isThrottled: true, at: time)
        let slowed = try #require(rate.rate)
        #expect((10...16).contains(slowed), "0.7 of 20 calls a second, measured: \(slowed)")
        // 200 calls after that go out at the rate, and not faster.
        let start = time
        for _ in 0..<200 {
            time += try #require(rate.reserve(at: time, longest: 60))
            rate.answered(isThrottled: false, at: time)
        }
        #expect(200 / (time - start) < 30)
        #expect(try #require(rate.rate) > slowed)
    }

    @Test("a queue that grows beyond a minute is refused instead of waited for")
    func queue() {
        let rate = AdaptiveRate(at: 0)
        rate.answered(isThrottled: true, at: 0.6)
        var waits = 0
        while rate.reserve(at: 0.6, longest: 60) != nil { waits += 1 }
        #expect(abs(Double(waits) - 60 * (rate.rate ?? 0)) <= 2)
    }
}
