import Glibc

/// The package database of Debian and its kin: `/var/lib/dpkg/status` and `info/*.list` (deb-control(5), dpkg(1)).
final class Dpkg: PackageSource {
    private static let statusFile = "/var/lib/dpkg/status"
    private static let statusLimit = 32 << 20
    private static let listLimit = 4 << 20
    /// The most bytes of all lists together: whoever owns a container's files owns its package database too.
    private static let listsLimit = 64 << 20
    private let root: HostRoot
    private var listBytes = 0
    private var lists: [String: [UInt8]] = [:]
    private(set) var shortfalls: [HostError] = []
    private var installed: [Package]?

    private let packageNames: [String]

    init(_ root: HostRoot, packageNames: [String]) {
        self.root = root
        self.packageNames = packageNames
    }

    func owner(of path: String, prefixes: [String]) -> Package? {
        all().first { package in
            guard prefixes.contains(where: package.name.hasPrefix) else { return false }
            let list = list(of: package.name)
            return Packages.spellings(of: path).contains { ByteSearch.contains(list, line: $0) }
        }
    }

    private func all() -> [Package] {
        if let installed { return installed }
        var packages: [Package] = []
        do throws(HostError) {
            let contents = try root.read(Self.statusFile, limit: Self.statusLimit)
            let all = Self.parse(contents.value(notingIn: &shortfalls), packageNames: packageNames)
            packages = all.filter(\.isPlausible)
            if packages.count < all.count {
                shortfalls.note(HostError(operation: "parse", path: Self.statusFile, reason: .malformed))
            }
            if all.count == Package.countLimit {
                shortfalls.note(HostError(operation: "read", path: Self.statusFile, reason: .tooLarge))
            }
        } catch {
            if !error.reason.isAbsent { shortfalls.note(error) }
        }
        installed = packages
        return packages
    }

    /// The packages whose `Status` is `install ok installed`, or held so; a removed one may leave its paragraph behind.
    static func parse(_ bytes: [UInt8], packageNames: [String] = [""]) -> [Package] {
        var packages: [Package] = []
        var name: String?
        var version: String?
        var installed = false
        func finish() {
            if let name, let version, installed, packages.count < Package.countLimit,
                packageNames.contains(where: name.hasPrefix)
            {
                let package = Package(name: name, version: version, manager: .dpkg, vendor: nil, source: statusFile)
                packages.append(package)
            }
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
        if let known = lists[package] { return known }
        let list = readList(of: package)
        lists[package] = list
        return list
    }

    private func readList(of package: String) -> [UInt8] {
        guard listBytes < Self.listsLimit else {
            shortfalls.note(HostError(operation: "read", path: "/var/lib/dpkg/info", reason: .tooLarge))
            return []
        }
        let info = "/var/lib/dpkg/info/" + package
        let plain = try? root.read(info + ".list", limit: Self.listLimit)
        // A multi-arch package's list is named <package>:<arch>.list.
        let contents =
            plain ?? (try? root.read(info + ":amd64.list", limit: Self.listLimit))
            ?? (try? root.read(info + ":arm64.list", limit: Self.listLimit))
        let list = contents?.value(notingIn: &shortfalls) ?? []
        listBytes += list.count
        return list
    }
}
