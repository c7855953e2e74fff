import HostView

/// A server that a Java virtual machine runs.
///
/// Its name is in the command line, its version in the names of its archives.
public struct RuntimeProfile: Sendable {
    /// The classes that start it.
    public var mainClasses: Set<String> = []
    /// Properties of which one tells it where there is no class to see, as with `-jar start.jar`.
    public var properties: Set<String> = []
    /// How the archive is called that has its version: `elasticsearch` of `elasticsearch-8.12.0.jar`.
    public var archives: [String] = []
    /// The options that name the directory of the software.
    var home: [String] = []
    /// Where the archive lies below it, beside the class path.
    var archiveDirectories = ["lib"]
    /// A file below it that its package owns.
    var program = ""

    /// The home of the software whose program lies at `path`.
    func home(of path: String) -> String {
        program.split(separator: "/").reduce(path) { path, _ in Path.parent(of: path) }
    }

    /// Names of executables that run such servers.
    static let executables: Set<String> = ["java"]

    /// Whether the command starts this server.
    func isStarted(by command: JavaCommand) -> Bool {
        command.mainClass.map(mainClasses.contains) == true || !properties.isDisjoint(with: command.properties)
    }
}

/// Looks for the version in the names of a Java server's archives.
struct ArchiveVersion {
    let profile: RuntimeProfile
    let parts: Int
    let root: HostRoot

    /// The most directories that are listed.
    private static let directoryLimit = 64

    /// The version of the archive in `classPath`, or below one of `homes`.
    func claim(classPath: [String], homes: [String], _ host: ScanContext) -> VersionClaim? {
        for entry in classPath where entry.hasSuffix(".jar") {
            if let claim = claim(of: Path.name(of: entry), at: entry), root.exists(entry) { return claim }
        }
        let listed = classPath.compactMap { entry -> String? in
            if entry.hasSuffix("/*") { return String(entry.dropLast(2)) }
            return entry.hasSuffix(".jar") ? nil : entry
        }
        let below = homes.flatMap { home in profile.archiveDirectories.map { Path.join(home, $0) } }
        var seen: Set<String> = []
        let directories = (below + listed).filter { $0.hasPrefix("/") && seen.insert($0).inserted }
        if directories.count > Self.directoryLimit {
            host.log.add(
                .fileTooLarge, directories[0],
                "only \(Self.directoryLimit) of \(directories.count) directories of a class path were searched for a version",
                partial: false)
        }
        for directory in directories.prefix(Self.directoryLimit) {
            guard !host.deadline.hasPassed else { return nil }
            // Listed by name: a command line may have anything in it, `*` too.
            for name in EngineDirectory.names(directory, root, host) {
                if let claim = claim(of: name, at: Path.join(directory, name)) { return claim }
            }
        }
        return nil
    }

    /// `elasticsearch-8.12.0.jar` and `kafka_2.13-3.6.1.jar`: what follows the prefix and a hyphen begins with a digit.
    private func claim(of name: String, at path: String) -> VersionClaim? {
        guard name.hasSuffix(".jar") else { return nil }
        for prefix in profile.archives where name.hasPrefix(prefix + "-") {
            let version = name.dropFirst(prefix.count + 1).dropLast(".jar".count)
            if version.first?.isNumber == true, let claim = VersionClaim(String(version), parts: parts, source: path) {
                return claim
            }
        }
        return nil
    }
}
