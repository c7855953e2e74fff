import CLinux
import Glibc

/// Finds short byte strings in long ones by memmem(3) and memchr(3), which are far faster than a loop.
public enum ByteSearch {
    /// Every place in `bytes` where `needle` begins, in order.
    public static func positions(of needle: [UInt8], in bytes: [UInt8]) -> [Int] {
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

    /// Whether one of the lines of `bytes` is `line`.
    static func contains(_ bytes: [UInt8], line: String) -> Bool {
        let needle = Array(line.utf8)
        let newline = UInt8(ascii: "\n")
        return positions(of: needle, in: bytes).contains { start in
            let end = start + needle.count
            return (start == 0 || bytes[start - 1] == newline) && (end == bytes.count || bytes[end] == newline)
        }
    }

    /// Calls `body` with each line of `buffer`, without its newline.
    @inline(__always)
    static func forEachLine(in buffer: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let base = buffer.baseAddress else { return }
        var start = 0
        while start < buffer.count {
            let rest = base.advanced(by: start)
            let hit = memchr(rest, Int32(UInt8(ascii: "\n")), buffer.count - start)
            let length = hit.map { UnsafeRawPointer($0) - rest } ?? buffer.count - start
            body(UnsafeRawBufferPointer(start: rest, count: length))
            start += length + 1
        }
    }
}
