import Foundation
import Inventory

/// The file that a store is: one file, whatever names lead to it.
///
/// Locks go by the name that is left when every link is resolved, and a store has one name alone. So two services
/// cannot serve one file by two names, and a restore cannot miss the service that runs on it.
enum StoreFile {
    /// The store's own path, every link resolved.
    ///
    /// - Parameter makes: makes an empty file, which its owner alone may read, where there is none.
    /// - Throws: `StoreError` for a link that leads nowhere, a second name, and what is no regular file.
    static func resolve(_ path: String, makes: Bool) throws -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw refusal(path, String(cString: strerror(errno))) }
            let (folder, name) = try parts(of: path)
            let own = folder == "/" ? "/" + name : folder + "/" + name
            if makes { try make(own, in: folder) }
            return own
        }
        guard let resolved = realpath(path, nil) else {
            throw refusal(
                path, "it is a symbolic link to a file that does not exist: name that file, or mount what holds it")
        }
        defer { free(resolved) }
        let own = String(cString: resolved)
        guard stat(own, &status) == 0 else { throw refusal(path, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw refusal(path, "it is not a regular file") }
        guard status.st_nlink == 1 else {
            throw refusal(
                path, "it has \(status.st_nlink) names (hard links), and a store may have one: remove the others")
        }
        return own
    }

    /// Whether there is a store at `path`, as opposed to nothing or an empty file.
    static func isThere(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0
    }

    /// Makes an empty file with mode 0600.
    ///
    /// What root makes in another user's directory belongs to that user: a command of root's must not lock the service
    /// out.
    static func makePrivate(_ path: String, exclusively: Bool) throws -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (exclusively ? O_EXCL : 0)
        var descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if descriptor >= 0, !exclusively { return descriptor }
        if descriptor >= 0 { close(descriptor) }
        descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.cannotOpen, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        var owner = stat()
        if geteuid() == 0, stat(URL(filePath: path).deletingLastPathComponent().path, &owner) == 0, owner.st_uid != 0 {
            _ = fchown(descriptor, owner.st_uid, owner.st_gid)
        }
        return descriptor
    }

    private static func make(_ path: String, in folder: String) throws {
        var status = stat()
        guard stat(path + "-wal", &status) != 0 || status.st_size == 0 else {
            throw StoreError(
                .cannotOpen,
                "there is \(path)-wal without its store, which was moved away: bring it back, or restore a backup")
        }
        do { close(try makePrivate(path, exclusively: true)) } catch let error as StoreError {
            // Another process made it at the same moment.
            guard stat(path, &status) == 0 else { throw error }
        }
    }

    private static func parts(of path: String) throws -> (folder: String, name: String) {
        let url = URL(filePath: path)
        guard let folder = realpath(url.deletingLastPathComponent().path, nil) else {
            throw refusal(path, "its directory cannot be used: \(String(cString: strerror(errno)))")
        }
        defer { free(folder) }
        return (String(cString: folder), url.lastPathComponent)
    }

    private static func refusal(_ path: String, _ why: String) -> StoreError {
        StoreError(.cannotOpen, "cannot use the store \(path): \(why)")
    }
}
