/// Podman's and CRI-O's state, kept by containers/storage: an OCI configuration a container, lists of names, Podman's
/// database.
///
/// Sources: containers/storage (containers.go), podman (libpod/storage.go, sqlite_state.go), CRI-O
/// (internal/annotations).
extension ContainerFiles {
    /// The most containers of one list that are looked through.
    private static let containerLimit = 10_000

    mutating func storage(_ id: String) -> Container? {
        for storageRoot in storageRoots() {
            let directory = storageRoot + "/overlay-containers/"
            let path = directory + id + "/userdata/config.json"
            guard let config = json(path) else { continue }
            let annotations = config["annotations"]
            let isCRIO = annotations?.string("io.container.manager") == "cri-o"
            var container = Container(runtime: isCRIO ? "cri-o" : "podman", source: path)
            if let annotations {
                container.name = annotations.string("io.kubernetes.container.name")
                container.pod = annotations.string("io.kubernetes.pod.name")
                container.namespace = annotations.string("io.kubernetes.pod.namespace")
                container.image =
                    annotations.string("io.kubernetes.cri-o.ImageName")
                    ?? annotations.string("io.kubernetes.cri-o.Image")
                if let sandbox = annotations.string("io.kubernetes.cri-o.SandboxID"), isCRIO {
                    addPorts(sandboxPorts(sandbox, directory) + networkPorts(sandbox), to: &container)
                }
            }
            addNames(id, directory, to: &container)
            if !isCRIO { addPodman(id, storageRoot, to: &container) }
            container.pid = pid(id, storageRoot)
            return container
        }
        return nil
    }

    private func storageRoots() -> [String] {
        var seen: Set<String> = []
        return
            (["/var/lib/containers/storage", "/run/containers/storage"] + roots(before: "/overlay/")
            + roots(before: "/overlay-containers/")).filter { seen.insert($0).inserted }
    }

    /// The runtime's monitor writes the first process's number into the run directory.
    private func pid(_ id: String, _ storageRoot: String) -> Int32? {
        for directory in [storageRoot, "/run/containers/storage"] {
            let path = directory + "/overlay-containers/\(id)/userdata/pidfile"
            if let text = try? root.read(path, limit: 64).text, let pid = Int32(text.lines.first ?? "") {
                return pid
            }
        }
        return nil
    }

    /// `[{"id": …, "names": […], "metadata": "{\"image-name\": …, \"name\": …}"}]`, containers that go with their end
    /// in a list of their own.
    private mutating func addNames(_ id: String, _ directory: String, to container: inout Container) {
        for list in ["containers.json", "volatile-containers.json"] {
            guard let entries = json(directory + list)?.elements(limit: Self.containerLimit + 1) else { continue }
            if entries.count > Self.containerLimit {
                note(HostError(operation: "parse", path: directory + list, reason: .tooLarge))
            }
            guard let entry = entries.first(where: { $0.string("id") == id }) else { continue }
            let metadata = entry.string("metadata").flatMap { JSONDocument(Array($0.utf8)) }
            container.name =
                container.name ?? metadata?.string("metadata-name")
                ?? entry["names"]?.elements(limit: 1).first?.string()
            container.image = container.image ?? metadata?.string("image-name")
        }
    }

    /// Podman's database (since 4.8): the pod's name, and the ports of the container or of the one whose network it
    /// shares.
    private mutating func addPodman(_ id: String, _ storageRoot: String, to container: inout Container) {
        let path = storageRoot + "/db.sql"
        guard root.exists(path) else { return }
        do throws(HostError) {
            guard let own = try configuration(of: id, path) else { return }
            let network = try own.string("netNsCtr").flatMap { (id) throws(HostError) in try configuration(of: id, path)
            }
            addPorts(try Self.podmanPorts(network ?? own, source: path + " newPortMappings"), to: &container)
            guard let pod = own.string("pod") else { return }
            try SQLiteFile(path, root, deadline: deadline).rows(of: "PodConfig") { _, values in
                guard values.count > 1, values[0] == .text(pod), case .text(let name) = values[1] else { return true }
                container.pod = name
                return false
            }
        } catch { note(error) }
    }

    private func configuration(of id: String, _ path: String) throws(HostError) -> JSONDocument? {
        var found: JSONDocument?
        try SQLiteFile(path, root, deadline: deadline).rows(of: "ContainerConfig") { _, values in
            guard values.count > 3, values[0] == .text(id), case .text(let json) = values[3] else { return true }
            found = JSONDocument(Array(json.utf8))
            return false
        }
        return found
    }

    /// `[{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}]`
    private static func podmanPorts(_ config: JSONDocument, source: String) throws(HostError) -> [Container
        .PublishedPort]
    {
        var ports: [Container.PublishedPort] = []
        for mapping in config["newPortMappings"]?.elements(limit: portLimit + 1) ?? [] {
            guard let port = mapping.integer("host_port").flatMap({ UInt16(exactly: $0) }),
                let inner = mapping.integer("container_port").flatMap({ UInt16(exactly: $0) })
            else { continue }
            for offset in 0..<UInt16(clamping: min(max(mapping.integer("range") ?? 1, 1), portLimit + 1)) {
                let (outer, target) = (port.addingReportingOverflow(offset), inner.addingReportingOverflow(offset))
                guard !outer.overflow, !target.overflow, ports.count <= portLimit else { break }
                ports.append(
                    Container.PublishedPort(
                        address: mapping.string("host_ip") ?? "", port: outer.partialValue,
                        containerPort: target.partialValue,
                        transport: mapping.string("protocol") ?? "tcp", source: source))
            }
        }
        return ports
    }

    /// CRI-O keeps a pod's host ports as an annotation of its sandbox, JSON in a text.
    private mutating func sandboxPorts(_ sandbox: String, _ directory: String) -> [Container.PublishedPort] {
        guard sandbox.allSatisfy(\.isHexDigit) else { return [] }
        let path = directory + sandbox + "/userdata/config.json"
        guard let text = json(path)?.string("annotations", "io.kubernetes.cri-o.PortMappings") else { return [] }
        return JSONDocument(Array(text.utf8)).map { Self.portMappings($0, source: path) } ?? []
    }
}
