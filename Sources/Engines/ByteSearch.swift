import CLinux

/// Finds short byte strings in long ones by memmem(3).
enum ByteSearch {
    /// Every place in `bytes` where `needle` begins, in order.
    static func positions(of needle: [UInt8], in bytes: [UInt8]) -> [Int] {
        var found: [Int] = []
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, !needle.isEmpty else { return }
            var start = 0
            while start < buffer.count,
                let hit = memmem(base.advanced(by: start), buffer.count - start, needle, needle.count)
            {
                let position = UnsafeRawPointer(hit) - base
                found.append(position)
                start = position + 1
            }
        }
        return found
    }
}
