/// The package database of Alpine: `lib/apk/db/installed` (apk-tools, doc/apk-package.5; below /usr since Alpine 3.22).
///
/// A paragraph a package: `P:` name, `V:` version, `F:` a directory, and its files as `R:` lines behind it.
final class Apk: PackageSource {
    private static let fileLimit = 32 << 20
    private static let paths = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"]

    private let root: HostRoot
    private let packageNames: [String]
    private let fileNames: Set<String>
    private(set) var shortfalls: [HostError] = []
    private var installed: [(package: Package, files: Set<String>)]?

    init(_ root: HostRoot, packageNames: [String], fileNames: Set<String>) {
        self.root = root
        self.packageNames = packageNames
        self.fileNames = fileNames
    }

    func owner(of path: String, prefixes: [String]) -> Package? {
        if installed == nil { installed = read() }
        return installed?.first { known in
            prefixes.contains { known.package.name.hasPrefix($0) }
                && Packages.spellings(of: path).contains(where: known.files.contains)
        }?.package
    }

    private func read() -> [(package: Package, files: Set<String>)] {
        for path in Self.paths {
            do throws(HostError) {
                let contents = try root.read(path, limit: Self.fileLimit)
                let packages = Self.parse(
                    contents.value(notingIn: &shortfalls), source: path, packageNames: packageNames,
                    fileNames: fileNames)
                if packages.count == Package.countLimit {
                    shortfalls.note(HostError(operation: "read", path: path, reason: .tooLarge))
                }
                if packages.contains(where: { !$0.package.isPlausible }) {
                    shortfalls.note(HostError(operation: "parse", path: path, reason: .malformed))
                }
                return packages.filter(\.package.isPlausible)
            } catch {
                if !error.reason.isAbsent { shortfalls.note(error) }
            }
        }
        return []
    }

    static func parse(
        _ bytes: [UInt8], source: String, packageNames: [String], fileNames: Set<String>
    ) -> [(package: Package, files: Set<String>)] {
        var found: [(package: Package, files: Set<String>)] = []
        var name: String?
        var version: String?
        var directory: String? = ""
        var files: Set<String> = []
        func finish() {
            if let name, let version, found.count < Package.countLimit, packageNames.contains(where: name.hasPrefix) {
                let package = Package(name: name, version: version, manager: .apk, vendor: nil, source: source)
                found.append((package, files))
            }
            name = nil
            version = nil
            files = []
        }
        bytes.withUnsafeBytes { buffer in
            ByteSearch.forEachLine(in: buffer) { line in
                guard line.count > 1, line[1] == UInt8(ascii: ":") else {
                    if line.isEmpty { finish() }
                    return
                }
                func value() -> String { String(decoding: line[2...], as: UTF8.self) }
                switch line[0] {
                case UInt8(ascii: "P"): name = value()
                case UInt8(ascii: "V"): version = value()
                case UInt8(ascii: "F"): directory = line.count < Package.pathLimit ? "/" + value() : nil
                case UInt8(ascii: "R"):
                    guard line.count < Package.pathLimit, files.count < Package.fileLimit, let directory else { return }
                    let value = value()
                    if fileNames.contains(value) { files.insert(directory + "/" + value) }
                default: break
                }
            }
        }
        finish()
        return found
    }
}
