/// Docker's state: `<data root>/containers/<id>/config.v2.json` and `hostconfig.json` (moby,
/// daemon/container/container.go).
extension ContainerFiles {
    mutating func docker(_ id: String) -> Container? {
        for dataRoot in dockerRoots() {
            let path = dataRoot + "/containers/\(id)/config.v2.json"
            guard let config = json(path) else { continue }
            var container = Container(runtime: "docker", source: path)
            container.name = config.string("Name").map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
            container.image = config.string("Config", "Image")
            container.pid = config.integer("State", "Pid").map { Int32(exactly: $0) ?? 0 }
            if let labels = config["Config", "Labels"] {
                container.pod = labels.string("io.kubernetes.pod.name")
                container.namespace = labels.string("io.kubernetes.pod.namespace")
                // Docker's own name of a pod's or a task's container is made of many parts.
                let given =
                    labels.string("io.kubernetes.container.name") ?? labels.string("com.amazonaws.ecs.container-name")
                container.name = given ?? container.name
            }
            addPorts(ports(config, source: path) + sharedPorts(of: id, dataRoot), to: &container)
            return container
        }
        return nil
    }

    /// Where the daemon keeps its files: as its configuration says, as usual, or as the container's mounts show.
    private mutating func dockerRoots() -> [String] {
        var roots: [String] = []
        if let daemon = json("/etc/docker/daemon.json") {
            roots += [daemon.string("data-root"), daemon.string("graph")].compactMap { $0 }
        }
        roots.append("/var/lib/docker")
        // What the container's own mounts show comes last: who is in it may have made them.
        roots += self.roots(before: "/containers/") + self.roots(before: "/overlay2/")
        var seen: Set<String> = []
        return roots.filter { $0.hasPrefix("/") && seen.insert($0).inserted }
    }

    /// A container in another's network, as in a pod, is reached by the other's ports.
    private mutating func sharedPorts(of id: String, _ dataRoot: String) -> [Container.PublishedPort] {
        let mode = json(dataRoot + "/containers/\(id)/hostconfig.json")?.string("NetworkMode") ?? ""
        let other = mode.dropFirst("container:".count)
        guard mode.hasPrefix("container:"), other.allSatisfy(\.isHexDigit), !other.isEmpty else { return [] }
        let path = dataRoot + "/containers/\(other)/config.v2.json"
        guard let config = json(path) else { return [] }
        return ports(config, source: path)
    }

    /// `{"3306/tcp": [{"HostIp": "0.0.0.0", "HostPort": "13306"}], "33060/tcp": null}`
    private mutating func ports(_ config: JSONDocument, source: String) -> [Container.PublishedPort] {
        guard let ports = config["NetworkSettings", "Ports"] else { return [] }
        let keys = ports.keys
        guard keys.count <= Self.portLimit else {
            note(HostError(operation: "parse", path: source, reason: .tooLarge))
            return []
        }
        return keys.flatMap { key -> [Container.PublishedPort] in
            let parts = key.split(separator: "/")
            guard let inner = parts.first.flatMap({ UInt16($0) }) else { return [] }
            return (ports[key]?.elements(limit: Self.portLimit + 1) ?? []).compactMap { binding in
                guard let port = binding.string("HostPort").flatMap({ UInt16($0) }), port > 0 else { return nil }
                return Container.PublishedPort(
                    address: binding.string("HostIp") ?? "", port: port, containerPort: inner,
                    transport: parts.count > 1 ? String(parts[1]) : "tcp", source: source + " NetworkSettings.Ports")
            }
        }
    }
}
