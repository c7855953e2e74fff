extension String {
    /// The lines that are not empty. Bytes are compared, not characters: those are too dear for a megabyte that
    /// somebody else wrote.
    public var lines: [Substring] { utf8.split(separator: UInt8(ascii: "\n")).map(Substring.init) }

    /// All lines, empty ones too.
    public var allLines: [Substring] {
        utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Substring.init)
    }
}

extension Substring {
    /// The parts between the bytes `separator`, empty ones too.
    func parts(_ separator: UInt8) -> [Substring] {
        utf8.split(separator: separator, omittingEmptySubsequences: false).map(Substring.init)
    }
}
