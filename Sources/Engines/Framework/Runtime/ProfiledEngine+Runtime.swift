import HostView
import Report

extension ServerProcess {
    /// The command line of a Java virtual machine, argument files read as the server sees them.
    func javaCommand(_ host: ScanContext) -> JavaCommand {
        JavaCommand(process.arguments) { name in
            guard let root else { return nil }
            let path = Path.join(workingDirectory?.value ?? "/", name)
            return host.text(path, in: root, limit: JavaCommand.fileLimit)
        }
    }
}

extension ProfiledEngine {
    /// The directories that a running server's options name as its software's.
    func homes(_ server: ServerProcess) -> [String] {
        let arguments = profile.arguments(server.process.arguments)
        let place = server.workingDirectory?.value ?? "/"
        return (profile.runtime?.home ?? []).compactMap { arguments.values[$0] }.map { Path.join(place, $0) }
    }

    func packagedFile(_ server: ServerProcess) -> String? {
        guard let runtime = profile.runtime else { return nil }
        return homes(server).first.map { Path.join($0, runtime.program) }
    }

    func executableVersion(_ server: ServerProcess, _ host: ScanContext) -> ExecutableVersion.Answer {
        guard let runtime = profile.runtime else {
            let answer = ExecutableVersion.read(server, self, host)
            // Builds differ: that a mark is absent proves nothing.
            if case .absent = answer { return .unknown }
            return answer
        }
        guard let root = server.root else { return .unknown }
        let search = ArchiveVersion(profile: runtime, parts: profile.versionParts, root: root)
        let command = server.javaCommand(host)
        let place = server.workingDirectory?.value ?? "/"
        let paths = command.classPath.map { Path.join(place, $0) }
        return search.claim(classPath: paths, homes: homes(server), host).map { .found($0, vendor: nil) } ?? .absent
    }

    func version(of software: Software, _ host: ScanContext) -> VersionClaim? {
        guard let runtime = profile.runtime else {
            guard case .found(let claim, _) = ExecutableVersion.read(software.executable, host.root, self, host) else {
                return nil
            }
            return claim
        }
        return ArchiveVersion(profile: runtime, parts: profile.versionParts, root: host.root).claim(
            classPath: [], homes: [runtime.home(of: software.executable)], host)
    }
}
