/// `/proc/<pid>/cgroup` (cgroups(7)): by the names of their control groups, runtimes tell which container a process
/// belongs to.
///
/// A name is a claim: whoever may write below /sys/fs/cgroup can make one up.
public struct ControlGroup: Sendable, Equatable {
    /// `docker`, `containerd`, `cri-o`, `podman`, `ecs`, `lxc`, `systemd-nspawn`; nil where the path does not tell.
    public var runtime: String?
    /// The runtime's id: usually 64 hexadecimal digits.
    public var id: String
    /// The Kubernetes pod's uid, with hyphens.
    public var podUID: String?
    /// It lies in another container: its runtime may run there.
    public var isNested = false
    /// The path that tells all this.
    public var path: String

    /// What runtimes put before an id, and who they are. `crio-conmon-` and `libpod-conmon-` are monitors outside the
    /// container.
    private static let prefixes = [
        ("docker-", "docker"), ("cri-containerd-", "containerd"), ("crio-", "cri-o"), ("libpod-payload-", "podman"),
        ("libpod-", "podman"), ("nerdctl-", "containerd"),
    ]

    /// The innermost container that the lines name; nil when none does.
    public static func parse(_ text: String) -> ControlGroup? {
        let paths = text.lines.compactMap { line in
            line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).dropFirst(2).first.map(
                String.init)
        }
        // Of version 1's hierarchies some may not be used by the runtime: the first that tells counts.
        for path in paths {
            if let found = parse(path: path) { return found }
        }
        return nil
    }

    private static func parse(path: String) -> ControlGroup? {
        let components = path.split(separator: "/").map(String.init)
        for (index, component) in components.enumerated().reversed() {
            guard var found = container(component, in: components[..<index]) else { continue }
            found.path = path
            found.isNested = index > 0 && parse(path: components[..<index].joined(separator: "/")) != nil
            found.podUID = components[..<index].reversed().lazy.compactMap(podUID).first
            return found
        }
        return nil
    }

    private static func container(_ component: String, in parents: ArraySlice<String>) -> ControlGroup? {
        let isECS = parents.contains { $0 == "ecs" || $0.hasPrefix("ecstasks") }
        var name = component
        if name.hasSuffix(".scope") { name.removeLast(".scope".count) }
        // systemd's names as cgroupfs shows them where the drivers differ: <slice>:<prefix>:<id>
        if let last = name.split(separator: ":").last, name.contains(".slice:") {
            name = name.hasSuffix(":cri-containerd:" + last) ? "cri-containerd-" + last : String(last)
        }
        var runtime: String?
        for (prefix, known) in prefixes where name.hasPrefix(prefix) {
            runtime = known
            name.removeFirst(prefix.count)
            break
        }
        if isID(name) {
            if runtime == nil { runtime = parents.first == "docker" ? "docker" : nil }
            return ControlGroup(runtime: isECS ? "ecs" : runtime, id: name, path: "")
        }
        if isECS, isFargateID(name) { return ControlGroup(runtime: "ecs", id: name, path: "") }
        return machine(component, in: parents)
    }

    /// Containers that have a name of their own instead of an id.
    private static func machine(_ component: String, in parents: ArraySlice<String>) -> ControlGroup? {
        if component.hasPrefix("lxc.payload.") {
            return ControlGroup(runtime: "lxc", id: String(component.dropFirst("lxc.payload.".count)), path: "")
        }
        if parents.last == "lxc" || parents.last == "lxc.payload" {
            return ControlGroup(runtime: "lxc", id: component, path: "")
        }
        guard parents.last == "machine.slice" else { return nil }
        for (prefix, suffix) in [("systemd-nspawn@", ".service"), ("machine-", ".scope")]
        where component.hasPrefix(prefix) && component.hasSuffix(suffix) && !component.contains("qemu") {
            return ControlGroup(
                runtime: "systemd-nspawn", id: String(component.dropFirst(prefix.count).dropLast(suffix.count)),
                path: "")
        }
        return nil
    }

    private static func isID(_ text: String) -> Bool { text.utf8.count == 64 && text.allSatisfy(\.isHexDigit) }

    /// `<32 hexadecimal digits>-<digits>`, as Fargate names its containers.
    private static func isFargateID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].utf8.count == 32 && parts[0].allSatisfy(\.isHexDigit) && !parts[1].isEmpty
            && parts[1].allSatisfy(\.isNumber)
    }

    /// The uid in `pod<uid>` or `kubepods-burstable-pod<uid with underscores>.slice`.
    private static func podUID(_ component: String) -> String? {
        var name = component[...]
        if name.hasSuffix(".slice") { name.removeLast(".slice".count) }
        guard let mark = name.hasPrefix("pod") ? name.startIndex : name.lastRange(of: "-pod") else { return nil }
        let uid = name[mark...].drop { $0 == "-" }.dropFirst("pod".count)
        let plain = uid.map { $0 == "_" ? "-" : $0 }
        guard plain.count >= 32, plain.allSatisfy({ $0.isHexDigit || $0 == "-" }) else { return nil }
        return String(plain)
    }
}

extension Substring {
    /// Where the last occurrence of `text` begins.
    fileprivate func lastRange(of text: String) -> Index? {
        indices.last { self[$0...].hasPrefix(text) }
    }
}
