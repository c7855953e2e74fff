/// The profiles of both files, as `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` and `AWS_PROFILE` name them.
package struct Profiles: Sendable {
    static let fileLimit = 1 << 20

    package var file: ProfileFile
    /// The chosen profile.
    package var name: String
    /// Whether somebody asked for it by name.
    package var isExplicit: Bool

    /// - Throws: `configuration` when a file cannot be read, or the profile that was asked for does not exist.
    package init(_ environment: AWSEnvironment, profile: String? = nil) throws(AWSError) {
        func expanded(_ path: String) -> String {
            path.hasPrefix("~/") ? environment.home + path.dropFirst() : path
        }
        let files: [(String, ProfileFile.Kind)] = [
            (expanded(environment.variable("AWS_CONFIG_FILE") ?? "~/.aws/config"), .config),
            (expanded(environment.variable("AWS_SHARED_CREDENTIALS_FILE") ?? "~/.aws/credentials"), .credentials),
        ]
        file = ProfileFile()
        for (path, kind) in files {
            guard let bytes = try environment.files.read(path, limit: Self.fileLimit) else { continue }
            file.merge(try ProfileFile(parsing: bytes, kind: kind, path: path))
        }
        let chosen = profile ?? environment.variable("AWS_PROFILE") ?? environment.variable("AWS_DEFAULT_PROFILE")
        name = chosen ?? "default"
        isExplicit = chosen != nil
        guard !isExplicit || file.profiles[name] != nil else {
            let known = file.profiles.keys.sorted().joined(separator: ", ")
            throw AWSError(
                .configuration,
                "there is no profile \(name) in \(files[0].0) nor in \(files[1].0)"
                    + (known.isEmpty ? "" : ": they have \(known)"))
        }
    }

    /// The chosen profile's keys.
    package var chosen: ProfileFile.Section { file.profiles[name] ?? [:] }
}
