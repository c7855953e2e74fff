/// Text that compressor and decompressor both know beforehand, so that a small report need not carry it.
///
/// A dictionary never changes once it is released. A stream names it by its Adler-32 (RFC 1950, DICTID).
struct PresetDictionary: Sendable {
    /// Counts from 1.
    let number: Int
    let adler32: UInt32
    let text: StaticString

    /// All that a reader knows, the newest last.
    static let all = [one]
    /// What a writer uses.
    static let current = one

    /// The dictionary's bytes.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
