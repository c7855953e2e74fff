/// What a runtime's own state files say of one container.
public struct Container: Sendable, Equatable {
    /// A port of the host that leads to one of the container.
    public struct PublishedPort: Sendable, Equatable {
        /// The host's address; empty for every address.
        public var address: String
        /// The host's port.
        public var port: UInt16
        /// The container's port.
        public var containerPort: UInt16
        /// `tcp`, `udp` or `sctp`.
        public var transport: String
        /// The file that says so.
        public var source: String
    }

    /// `docker`, `containerd`, `cri-o`, `podman`.
    public var runtime: String
    /// Its name.
    public var name: String?
    /// The image, as the user named it.
    public var image: String?
    /// The Kubernetes pod's name, or Podman's.
    public var pod: String?
    /// The Kubernetes namespace.
    public var namespace: String?
    /// Its first process, as the runtime counts; 0 when it says that none runs, nil where it does not say.
    public var pid: Int32?
    /// The ports that are published for it, or for the pod whose network it shares.
    public var ports: [PublishedPort] = []
    /// The file that tells most of this.
    public var source: String
}

/// Finds the state files of the runtimes whose files lie below one root.
public struct ContainerFiles {
    /// The most published ports of one container.
    static let portLimit = 1024

    let root: HostRoot
    let deadline: Deadline
    /// Directories that mounts of the container lead to on the host; they tell where a runtime keeps its files.
    let mountedPaths: [String]
    /// Why files could not be read, or not as a whole.
    public private(set) var shortfalls: [HostError] = []

    /// The files below `root`. `mountedPaths` are the host's paths of what is mounted in the container, and of its
    /// writable layer.
    public init(_ root: HostRoot, mountedPaths: [String], deadline: Deadline) {
        self.root = root
        self.deadline = deadline
        self.mountedPaths = mountedPaths
    }

    /// What is known of the container that `group` names; nil when no runtime has a file of it.
    public mutating func container(_ group: ControlGroup) -> Container? {
        guard group.id.allSatisfy({ $0.isHexDigit || $0 == "-" }) else { return nil }
        var found = docker(group.id) ?? containerd(group.id) ?? storage(group.id)
        addPod(group, to: &found)
        return found
    }

    /// A state file, which only the one who owns the root may have written: a link or a mount of somebody else's tells
    /// nothing.
    mutating func json(_ path: String) -> JSONDocument? {
        guard let owner = try? root.status(path).owner, owner == (try? root.status("/"))?.owner else { return nil }
        do throws(HostError) { return try root.json(path) } catch {
            note(error)
            return nil
        }
    }

    /// Adds what a file says of ports; that there were more than are kept is said.
    mutating func addPorts(_ ports: [Container.PublishedPort], to container: inout Container) {
        container.ports += ports.prefix(Self.portLimit)
        if ports.count > Self.portLimit {
            note(HostError(operation: "parse ports of", path: container.source, reason: .tooLarge))
        }
    }

    mutating func paths(_ pattern: String) -> [String] {
        root.glob(pattern).value(notingIn: &shortfalls)
    }

    mutating func note(_ shortfall: HostError) { shortfalls.note(shortfall) }

    /// The part before `mark` of every mounted path that has it.
    func roots(before mark: String) -> [String] {
        let mark = Array(mark.utf8)
        return mountedPaths.compactMap { path in
            let bytes = Array(path.utf8)
            return ByteSearch.positions(of: mark, in: bytes).last.map { String(decoding: bytes[..<$0], as: UTF8.self) }
        }
    }

    /// The kubelet's links and directories of logs, the same for every runtime:
    /// `<pod>_<namespace>_<container>-<id>.log`.
    private mutating func addPod(_ group: ControlGroup, to container: inout Container?) {
        guard container?.pod == nil else { return }
        let links = paths("/var/log/containers/*-\(group.id).log")
        let directories = group.podUID.map { paths("/var/log/pods/*_\($0)") } ?? []
        if let link = links.first {
            let parts = HostProcess.baseName(link).dropLast(group.id.utf8.count + ".log".count + 1).split(
                separator: "_")
            guard parts.count == 3 else { return }
            var named = container ?? Container(runtime: group.runtime ?? "containerd", source: link)
            (named.pod, named.namespace) = (String(parts[0]), String(parts[1]))
            named.name = String(parts[2])
            container = named
        } else if let directory = directories.first {
            let parts = HostProcess.baseName(directory).split(separator: "_")
            guard parts.count == 3 else { return }
            var named = container ?? Container(runtime: group.runtime ?? "containerd", source: directory)
            (named.namespace, named.pod) = (String(parts[0]), String(parts[1]))
            container = named
        }
    }
}
