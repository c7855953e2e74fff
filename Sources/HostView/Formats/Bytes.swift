extension RandomAccessCollection<UInt8> where Index == Int {
    /// The big-endian number in `width` bytes, `offset` bytes from the start; nil when there are not so many.
    public func bigEndian(_ offset: Int, _ width: Int) -> UInt64? {
        guard offset >= 0, width <= count, offset <= count - width else { return nil }
        return self[startIndex + offset..<startIndex + offset + width].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// As `bigEndian`, the lowest byte first.
    public func littleEndian(_ offset: Int, _ width: Int) -> UInt64? {
        guard offset >= 0, width <= count, offset <= count - width else { return nil }
        return self[startIndex + offset..<startIndex + offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
