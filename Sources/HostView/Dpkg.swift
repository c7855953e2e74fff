import Glibc

/// The package database of Debian and its kin: `/var/lib/dpkg/status` and `info/*.list` (deb-control(5), dpkg(1)).
public final class Dpkg {
    /// An installed package.
    public struct Package: Sendable, Equatable {
        /// Such as `postgresql-15`.
        public var name: String
        /// The full version, with epoch and revision.
        public var version: String
    }

    private static let statusLimit = 32 << 20
    private static let listLimit = 4 << 20
    /// The most bytes of all lists together: whoever owns a container's files owns its package database too.
    private static let listsLimit = 64 << 20
    private let root: HostRoot
    private var listBytes = 0
    /// Why the database could not be read; nil when it was read, or when the host has none.
    public private(set) var failure: HostError?
    private var installed: [Package]?

    /// The database below `root`, read when it is first asked.
    public init(_ root: HostRoot) { self.root = root }

    /// The installed packages whose name begins with one of `prefixes`.
    public func packages(prefixes: [String]) -> [Package] {
        all().filter { package in prefixes.contains { package.name.hasPrefix($0) } }
    }

    /// The installed package that owns the file at `path`, among those whose name begins with one of `prefixes`.
    public func owner(of path: String, prefixes: [String]) -> Package? {
        packages(prefixes: prefixes).first { package in
            let list = list(of: package.name)
            // /sbin/x and /usr/sbin/x are one file where /sbin is a link; packages name either.
            let merged = path.hasPrefix("/usr/") ? String(path.dropFirst(4)) : "/usr" + path
            return ByteSearch.contains(list, line: path) || ByteSearch.contains(list, line: merged)
        }
    }

    private func all() -> [Package] {
        if let installed { return installed }
        var packages: [Package] = []
        do throws(HostError) {
            let contents = try root.read("/var/lib/dpkg/status", limit: Self.statusLimit)
            packages = Self.parse(contents.bytes)
            if contents.truncated {
                failure = HostError(operation: "read", path: "/var/lib/dpkg/status", errno: .tooLarge)
            }
        } catch {
            if !error.errno.isAbsent { failure = error }
        }
        installed = packages
        return packages
    }

    /// The packages whose `Status` is `install ok installed`, or held so; a removed one may leave its paragraph behind.
    static func parse(_ bytes: [UInt8]) -> [Package] {
        var packages: [Package] = []
        var name: String?
        var version: String?
        var installed = false
        func finish() {
            if let name, let version, installed { packages.append(Package(name: name, version: version)) }
            name = nil
            version = nil
            installed = false
        }
        bytes.withUnsafeBytes { buffer in
            ByteSearch.forEachLine(in: buffer) { line in
                switch line.first {
                case nil: finish()
                case UInt8(ascii: "P"): name = value(of: "Package: ", line) ?? name
                case UInt8(ascii: "V"): version = value(of: "Version: ", line) ?? version
                case UInt8(ascii: "S"):
                    if let status = value(of: "Status: ", line) { installed = status.hasSuffix(" ok installed") }
                default: break
                }
            }
        }
        finish()
        return packages
    }

    private static func value(of field: StaticString, _ line: UnsafeRawBufferPointer) -> String? {
        let length = field.utf8CodeUnitCount
        guard line.count >= length, let base = line.baseAddress, memcmp(base, field.utf8Start, length) == 0 else {
            return nil
        }
        return String(decoding: line[length...], as: UTF8.self)
    }

    private func list(of package: String) -> [UInt8] {
        guard listBytes < Self.listsLimit else {
            failure = HostError(operation: "read", path: "/var/lib/dpkg/info", errno: .tooLarge)
            return []
        }
        let info = "/var/lib/dpkg/info/" + package
        let plain = try? root.read(info + ".list", limit: Self.listLimit)
        // A multi-arch package's list is named <package>:<arch>.list.
        let contents =
            plain ?? (try? root.read(info + ":amd64.list", limit: Self.listLimit))
            ?? (try? root.read(info + ":arm64.list", limit: Self.listLimit))
        listBytes += contents?.bytes.count ?? 0
        if contents?.truncated == true {
            failure = HostError(operation: "read", path: info + ".list", errno: .tooLarge)
        }
        return contents?.bytes ?? []
    }
}
