/// The package database of Red Hat, Amazon, SUSE and their kin, in each of its three formats, read and never opened by
/// rpm's libraries.
final class Rpm: PackageSource {
    /// The most bytes of one package's header: a package of a hundred thousand files has some 10 MB.
    static let headerLimit = 32 << 20
    /// The most bytes of all headers together: whoever owns a container's files owns its package database too.
    private static let headersLimit = 256 << 20

    private static let directories = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"]

    private let root: HostRoot
    private let packageNames: [String]
    private let fileNames: Set<String>
    private let deadline: Deadline
    private(set) var shortfalls: [HostError] = []
    private var installed: [(package: Package, files: Set<String>)]?

    init(_ root: HostRoot, packageNames: [String], fileNames: Set<String>, deadline: Deadline) {
        self.root = root
        self.packageNames = packageNames
        self.fileNames = fileNames
        self.deadline = deadline
    }

    func owner(of path: String, prefixes: [String]) -> Package? {
        all().first { known in
            prefixes.contains { known.package.name.hasPrefix($0) }
                && Packages.spellings(of: path).contains(where: known.files.contains)
        }?.package
    }

    private func all() -> [(package: Package, files: Set<String>)] {
        if let installed { return installed }
        installed = []
        for directory in Self.directories {
            for (name, read) in [("rpmdb.sqlite", sqlite), ("Packages.db", ndb), ("Packages", berkeley)] {
                let path = directory + "/" + name
                guard root.exists(path) else { continue }
                do throws(HostError) { try read(path) } catch { shortfalls.note(error) }
                return installed ?? []
            }
        }
        return []
    }

    private func sqlite(_ path: String) throws(HostError) {
        let take = taking(path)
        do throws(HostError) {
            try SQLiteFile(path, root, deadline: deadline).rows(of: "Packages") { _, values in
                guard values.count > 1, case .blob(let bytes) = values[1] else { return true }
                return take(bytes)
            }
        } catch {
            // A database without the table is no host without packages.
            throw error.reason.isAbsent ? HostError(operation: "parse", path: path, reason: .malformed) : error
        }
    }

    private func ndb(_ path: String) throws(HostError) {
        try RpmNDB.forEach(try root.open(path, deadline: deadline), taking(path))
    }

    private func berkeley(_ path: String) throws(HostError) {
        try RpmBerkeley.forEach(try root.open(path, deadline: deadline), taking(path))
    }

    /// Keeps what a header says when its package is asked for; false when it is enough.
    private func taking(_ path: String) -> ([UInt8]) -> Bool {
        var bytesLeft = Self.headersLimit
        return { [self] bytes in
            bytesLeft -= bytes.count
            guard bytesLeft > 0 else {
                shortfalls.note(HostError(operation: "read", path: path, reason: .tooLarge))
                return false
            }
            guard let header = RpmHeader(bytes), let name = header.string(.name), let version = header.string(.version)
            else {
                shortfalls.note(HostError(operation: "parse", path: path, reason: .malformed))
                return true
            }
            guard packageNames.contains(where: name.hasPrefix) else { return true }
            let epoch = header.numbers(.epoch).first.map { "\($0):" } ?? ""
            let release = header.string(.release).map { "-" + $0 } ?? ""
            let package = Package(
                name: name, version: epoch + version + release, manager: .rpm, vendor: header.string(.vendor),
                source: path)
            if header.isCut || installed?.count ?? 0 >= Package.countLimit {
                shortfalls.note(HostError(operation: "read", path: path, reason: .tooLarge))
            } else if package.isPlausible {
                installed?.append((package, header.files(named: fileNames)))
            } else {
                shortfalls.note(HostError(operation: "parse", path: path, reason: .malformed))
            }
            return true
        }
    }
}
