/// A version to compare: its numbers in their order.
struct Version: Comparable {
    private let numbers: [Int]

    /// The numbers of `text`, such as `8.0.36`; nil when it holds something else. `parts` cuts it.
    init?(_ text: String, parts: Int = 5) {
        let numbers = text.split(separator: ".").map { Int($0) }
        guard !numbers.isEmpty, !numbers.contains(nil) else { return nil }
        self.numbers = Array(numbers.compactMap { $0 }.prefix(parts))
    }

    static func < (one: Version, other: Version) -> Bool { one.numbers.lexicographicallyPrecedes(other.numbers) }
}
