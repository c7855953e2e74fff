import CLinux
import Glibc

/// Opens a file for the agent's output, in a place that no other user can exchange.
///
/// The agent writes as root, and part of what it writes is chosen by users. So the way to the file may not lead through
/// a link of another user's, nor through a directory that others may write, unless it is sticky as /tmp is. The walk
/// holds every directory open, so nothing moves meanwhile.
public enum OutputFile {
    /// Why a file was refused.
    public struct Refusal: Error, Sendable {
        /// What is wrong, and with which component.
        public var reason: String
    }

    private static let sticky: UInt32 = 0o1000

    /// The descriptor of the file at `path`, made with mode 0600 or opened and left as it is.
    public static func open(_ path: String) throws(Refusal) -> Int32 {
        let absolute = path.hasPrefix("/") ? path : try workingDirectory() + "/" + path
        let slash = absolute.lastIndex(of: "/") ?? absolute.startIndex
        let name = String(absolute[absolute.index(after: slash)...])
        guard !name.isEmpty, name != ".", name != ".." else { throw Refusal(reason: "it names no file") }
        let root = clinux_openat(AT_FDCWD, "/", CLINUX_O_PATH | O_DIRECTORY)
        guard root >= 0 else { throw Refusal(reason: "/: \(Reason.last)") }
        let top = Descriptor(root)
        var refused: String?
        let directory: Descriptor
        do throws(Reason) {
            var walk = ComponentWalk(root: top.number)
            walk.vet = { (name, status) throws(Reason) in
                refused = reason(name, status)
                if refused != nil { throw .notPermitted }
            }
            directory = try walk.resolve(String(absolute[..<slash]), followingLast: true)
        } catch {
            throw Refusal(reason: refused ?? "\(error)")
        }
        // O_NONBLOCK: a FIFO or a lease in a directory of another user's must not keep the agent waiting.
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let descriptor = openat(directory.number, name, flags, 0o600)
        guard descriptor >= 0 else { throw Refusal(reason: "\(Reason.last)") }
        return descriptor
    }

    private static func workingDirectory() throws(Refusal) -> String {
        guard let text = getcwd(nil, 0) else { throw Refusal(reason: "the working directory: \(Reason.last)") }
        defer { free(text) }
        return String(cString: text)
    }

    /// Why no way may lead through the component; nil when one may.
    private static func reason(_ name: String, _ status: FileStatus) -> String? {
        if status.kind == .link {
            return status.owner == 0 || status.owner == geteuid() ? nil : "\(name) is a symbolic link of another user"
        }
        let groupWrites = status.permissions & 0o020 != 0 && status.group != 0 && status.group != getegid()
        guard status.permissions & 0o002 != 0 || groupWrites, status.permissions & sticky == 0 else { return nil }
        return "\(name) is a directory that other users may write"
    }
}
