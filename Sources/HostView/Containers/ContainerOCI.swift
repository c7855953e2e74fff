/// containerd's state: `<state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json`, an OCI configuration whose
/// annotations tell names.
///
/// Sources: containerd (core/runtime/v2/bundle.go, internal/cri/annotations), nerdctl (pkg/labels), CNI
/// (libcni/api.go).
extension ContainerFiles {
    private static let bundles = [
        "/run/containerd/io.containerd.runtime.v2.task/*/", "/run/k3s/containerd/io.containerd.runtime.v2.task/*/",
    ]

    mutating func containerd(_ id: String) -> Container? {
        for pattern in Self.bundles {
            guard let path = paths(pattern + id + "/config.json").first, let config = json(path) else {
                continue
            }
            var container = Container(runtime: "containerd", source: path)
            let directory = path.dropLast("/config.json".count)
            let text = try? root.read(directory + "/init.pid", limit: 64).text
            container.pid = text?.split(whereSeparator: \.isWhitespace).first.flatMap { Int32($0) }
            guard let annotations = config["annotations"] else { return container }
            container.name =
                annotations.string("io.kubernetes.cri.container-name") ?? annotations.string("nerdctl/name")
            container.image = annotations.string("io.kubernetes.cri.image-name")
            container.pod = annotations.string("io.kubernetes.cri.sandbox-name")
            container.namespace = annotations.string("io.kubernetes.cri.sandbox-namespace")
            if let sandbox = annotations.string("io.kubernetes.cri.sandbox-id") {
                addPorts(networkPorts(sandbox), to: &container)
            }
            if let text = annotations.string("nerdctl/ports"), let ports = JSONDocument(Array(text.utf8)) {
                addPorts(Self.portMappings(ports, source: path + " nerdctl/ports"), to: &container)
            }
            if let state = annotations.string("nerdctl/state-dir"),
                let ports = json(state + "/network-config.json")?["portMappings"]
            {
                addPorts(Self.portMappings(ports, source: state + "/network-config.json"), to: &container)
            }
            return container
        }
        return nil
    }

    /// What CNI was asked to publish for a pod's sandbox: `/var/lib/cni/results/<network>-<sandbox>-<interface>`.
    ///
    /// Beside the ports lie the pod's annotations, which may hold anything: only the ports are taken.
    mutating func networkPorts(_ sandbox: String) -> [Container.PublishedPort] {
        guard !sandbox.isEmpty, sandbox.allSatisfy(\.isHexDigit) else { return [] }
        let directory = "/var/lib/cni/results/"
        var names: [String] = []
        do throws(HostError) {
            let entries = try root.list(directory)
            names = entries.value.map(\.name)
            entries.shortfalls.forEach { note($0) }
        } catch {
            if !error.reason.isAbsent { note(error) }
        }
        return names.filter { $0.contains("-\(sandbox)-") }.flatMap { name -> [Container.PublishedPort] in
            let ports = json(directory + name)?["capabilityArgs", "portMappings"]
            return ports.map { Self.portMappings($0, source: directory + name) } ?? []
        }
    }

    /// `[{"HostPort": 8080, "ContainerPort": 80, "Protocol": "tcp", "HostIP": ""}]`; callers differ in the first
    /// letter's case.
    static func portMappings(_ list: JSONDocument, source: String) -> [Container.PublishedPort] {
        list.elements(limit: portLimit + 1).compactMap { mapping in
            guard
                let port = (mapping.integer("HostPort") ?? mapping.integer("hostPort")).flatMap({ UInt16(exactly: $0) }
                ), port > 0,
                let inner = (mapping.integer("ContainerPort") ?? mapping.integer("containerPort")).flatMap({
                    UInt16(exactly: $0)
                })
            else { return nil }
            return Container.PublishedPort(
                address: mapping.string("HostIP") ?? mapping.string("hostIP") ?? "", port: port, containerPort: inner,
                transport: (mapping.string("Protocol") ?? mapping.string("protocol") ?? "tcp").lowercased(),
                source: source)
        }
    }
}
