/// Random values that depend on a seed and on what they are for, and on nothing else: the fleet needs no memory.
struct Draw: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }

    /// The draw for a part: an account's number, an instance's number, a purpose.
    func of(_ part: Int) -> Draw { Draw(seed: state ^ UInt64(bitPattern: Int64(part)) &* 0xD6E8_FEB8_6659_FD93) }

    func of(_ purpose: StaticString) -> Draw {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        purpose.withUTF8Buffer { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        return Draw(seed: state ^ hash)
    }

    /// 0 to below 1.
    var fraction: Double { Double(state >> 11) / Double(1 << 53) }

    /// 0 to below `bound`.
    func number(below bound: Int) -> Int { min(bound - 1, Int(fraction * Double(bound))) }

    /// One of `values`.
    func pick<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }

    /// `count` hexadecimal digits.
    func hex(_ count: Int) -> String {
        var text = ""
        var next = state
        while text.utf8.count < count {
            next = Self.mix(next)
            let digits = String(next, radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return String(text.prefix(count))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
