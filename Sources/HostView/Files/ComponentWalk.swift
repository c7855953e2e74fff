import CLinux
import Glibc

/// Resolves a path below a root one component at a time, for kernels without openat2(2).
///
/// Each link is read, not followed, and its text goes through the same walk; `..` pops the stack of open directories
/// and stops at the root. The directories stay open while the walk lasts, so a rename cannot move it outside.
struct ComponentWalk {
    let root: Int32
    /// Is told of every component before it is entered or followed; what it throws ends the walk.
    var vet: ((_ name: String, _ status: FileStatus) throws(Reason) -> Void)?
    private static let depth = 1024

    func resolve(_ path: String, followingLast: Bool) throws(Reason) -> Descriptor {
        var pending = Array(path.split(separator: "/").map(String.init).reversed())
        var stack: [Int32] = []
        defer { for number in stack { close(number) } }
        var links = 0
        while let name = pending.popLast() {
            if name == "." { continue }
            if name == ".." {
                if let last = stack.popLast() { close(last) }
                continue
            }
            guard stack.count < Self.depth else { throw .nameTooLong }
            let here = stack.last ?? root
            let number = clinux_openat(here, name, CLINUX_O_PATH | O_NOFOLLOW)
            guard number >= 0 else { throw .last }
            let opened = Descriptor(number)
            let status = try opened.status()
            let kind = status.kind
            if kind == .link || kind == .directory { try vet?(name, status) }
            if kind == .link, followingLast || !pending.isEmpty {
                links += 1
                guard links <= HostRoot.Limits.links else { throw .tooManyLinks }
                guard let target = readLink(number, "") else { throw .last }
                if target.hasPrefix("/") {
                    for open in stack { close(open) }
                    stack.removeAll()
                }
                pending.append(contentsOf: target.split(separator: "/").map(String.init).reversed())
                continue
            }
            if !pending.isEmpty, kind != .directory { throw .notDirectory }
            let kept = dup(number)
            guard kept >= 0 else { throw .last }
            stack.append(kept)
        }
        let copy = dup(stack.last ?? root)
        guard copy >= 0 else { throw .last }
        return Descriptor(copy)
    }
}
