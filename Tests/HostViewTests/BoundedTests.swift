import Testing

@testable import HostView

@Suite("A value with its shortfalls")
struct BoundedTests {
    private let tooLarge = HostError(operation: "read", path: "/a", reason: .tooLarge)
    private let late = HostError(operation: "list", path: "/b", reason: .timedOut)

    @Test("a later shortfall is added to an earlier one, and the same one is kept once")
    func order() {
        var value = Bounded(1)
        #expect(!value.isCut)
        for shortfall in [tooLarge, late, tooLarge] { value.note(shortfall) }
        #expect(value.shortfalls == [tooLarge, late] && value.isCut)
    }

    @Test("the shortfalls go along with what is made of the value")
    func map() {
        let text = Bounded(1, shortfalls: [tooLarge]).map { "\($0)" }
        #expect(text == Bounded("1", shortfalls: [tooLarge]))
        var all = [late]
        #expect(text.value(notingIn: &all) == "1" && all == [late, tooLarge])
    }

    @Test("of too many shortfalls the first ones stay")
    func flood() {
        var value = Bounded(())
        for number in 0..<100 { value.note(HostError(operation: "read", path: "/\(number)", reason: .tooLarge)) }
        #expect(value.shortfalls.count == 32 && value.shortfalls.last?.path == "/31")
    }
}
