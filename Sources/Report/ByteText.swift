/// Text that is compared byte by byte, as file systems and the store do.
///
/// Swift's own comparison takes an accented letter and its letter with an accent for one: two directories can differ
/// so.
public struct ByteText: Hashable, Sendable {
    /// The text.
    public let text: String

    /// The bytes of `text`.
    public init(_ text: String) { self.text = text }

    /// Whether the bytes are the same.
    public static func == (left: ByteText, right: ByteText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
