/// An installed package.
public struct Package: Sendable, Equatable {
    /// Whose database knows a package.
    public enum Manager: Sendable { case dpkg, rpm, apk }
    /// Such as `postgresql-15`.
    public var name: String
    /// The full version, with epoch and release.
    public var version: String
    /// Whose database knows it.
    public var manager: Manager
    /// Who built it, where the database says so.
    public var vendor: String?
    /// The database's file.
    public var source: String

    /// The most bytes of a name, a version or a vendor.
    static let textLimit = 256
    /// The most bytes of a path, and the most files of one package that are kept: those called like a server are few.
    static let pathLimit = 4096, fileLimit = 1_000

    /// The most packages of one database that are kept, of those that are asked for.
    static let countLimit = 1_000

    /// Its texts are as long as such texts are: whoever owns a container's files owns its package database too.
    var isPlausible: Bool { [name, version, vendor ?? ""].allSatisfy { $0.utf8.count <= Self.textLimit } }
}

/// One package manager's database.
protocol PackageSource: AnyObject {
    /// Why the database could not be read, or not as a whole; empty when it was, or when the host has none.
    var shortfalls: [HostError] { get }
    /// The installed package that owns the file at `path`, among those whose name begins with one of `prefixes`.
    func owner(of path: String, prefixes: [String]) -> Package?
}

/// The packages of one root, whichever managers it has; each database is read when it is first asked.
public final class Packages {
    private let sources: [any PackageSource]

    /// The packages below `root`.
    ///
    /// - Parameters:
    ///   - packageNames: how the names of the packages begin that will be asked for.
    ///   - fileNames: base names of the files that will be asked for.
    public init(_ root: HostRoot, packageNames: [String], fileNames: Set<String>, deadline: Deadline) {
        sources = [
            Dpkg(root, packageNames: packageNames),
            Rpm(root, packageNames: packageNames, fileNames: fileNames, deadline: deadline),
            Apk(root, packageNames: packageNames, fileNames: fileNames),
        ]
    }

    /// Why databases could not be read, or not as a whole.
    public var shortfalls: [HostError] { sources.flatMap(\.shortfalls) }

    /// The installed package that owns the file at `path`, among those whose name begins with one of `prefixes`.
    public func owner(of path: String, prefixes: [String]) -> Package? {
        for source in sources {
            if let package = source.owner(of: path, prefixes: prefixes) { return package }
        }
        return nil
    }

    /// /sbin/x and /usr/sbin/x are one file where /sbin is a link; packages name either.
    static func spellings(of path: String) -> [String] {
        [path, path.hasPrefix("/usr/") ? String(path.dropFirst(4)) : "/usr" + path]
    }
}
