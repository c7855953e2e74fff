/// `/proc/<pid>/uid_map` (user_namespaces(7)): how a user namespace's users are counted on the host.
public struct UserMap: Sendable, Equatable {
    /// One line: so many users from `inside` on are those from `outside` on.
    struct Extent: Sendable, Equatable {
        var inside: UInt32
        var outside: UInt32
        var count: UInt32
    }

    /// The lines; the kernel takes at most 340.
    var extents: [Extent]

    private static let fileLimit = 16 << 10

    /// Reads the map of `pid`; nil where it cannot be read.
    public static func read(_ pid: Int32, _ proc: ProcFS) -> UserMap? {
        (try? proc.read("\(pid)/uid_map", limit: fileLimit).text).map(parse)
    }

    static func parse(_ text: String) -> UserMap {
        UserMap(
            extents: text.lines.compactMap { line in
                let numbers = line.split(separator: " ").compactMap { UInt32($0) }
                return numbers.count == 3 ? Extent(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
            })
    }

    /// The number inside of the host's user `uid`; nil where it has none there.
    public func inside(_ uid: UInt32) -> UInt32? {
        for extent in extents where uid >= extent.outside && uid - extent.outside < extent.count {
            return extent.inside.addingReportingOverflow(uid - extent.outside).partialValue
        }
        return nil
    }

    /// The host's users that live inside.
    public var outside: [Range<UInt32>] {
        extents.map { extent in
            let (end, isBeyond) = extent.outside.addingReportingOverflow(extent.count)
            return extent.outside..<(isBeyond ? .max : end)
        }
    }
}
