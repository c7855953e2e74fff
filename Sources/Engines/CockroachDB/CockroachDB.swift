import HostView
import Report

/// CockroachDB: one program that is server and client, by its first argument.
struct CockroachDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "cockroachdb",
        title: "CockroachDB",
        executableNames: ["cockroach"],
        openFiles: ["LOCK"],
        packagePrefixes: ["cockroach"],
        programs: ["cockroach"],
        softwarePatterns: ["/cockroach/cockroach"],
        dataDirectoryPatterns: [
            "/var/lib/cockroach", "/var/lib/cockroach/*", "/cockroach/cockroach-data", "/mnt/*/cockroach",
        ],
        serviceNames: ["cockroach"],
        versionSources: [
            "package of the running executable", "tag of the build in the running executable",
        ],
        versionMarks: [.after("/pkg/build.tag=v")],
        options: [
            EngineOption("store", .name, arguments: []),
            EngineOption(
                "listen-addr", .addresses, setting: "bind", byDefault: ":26257", arguments: ["listen-addr", "host"]),
            EngineOption("sql-addr", .addresses, setting: "sql_bind"),
            EngineOption(
                "http-addr", .addresses, setting: "http_bind", byDefault: ":8080"),
            EngineOption("insecure", .flag),
            EngineOption("certs-dir", .presence), EngineOption("cluster-name", .name),
        ],
        directory: DirectoryProfile(
            marks: [["STORAGE_MIN_VERSION"], ["cockroach.listen-addr"], ["cockroach.advertise-addr"]],
            byDefault: "cockroach-data"),
        ports: [PortProfile(26257, "client", setting: "bind"), PortProfile(8080, "admin", setting: "http_bind")])

    func isCompanion(_ process: ServerProcess) -> Bool {
        let command = process.process.arguments.dropFirst().first { !$0.hasPrefix("-") }
        return !["start", "start-single-node", "demo", "mt"].contains(command)
    }

    /// `--store=path=/data,attrs=ssd`, `--store=/data` or `-s /data`, once for each.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        Self.stores(server.process.arguments, source: "/proc/\(server.process.pid)/cmdline: store")
    }

    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    ) -> [Claim] { Self.stores(words, source: source) }

    static func stores(_ words: [String], source: String) -> [Claim] {
        var values: [String] = []
        for (index, word) in words.enumerated() {
            if word == "--store" || word == "-s", index + 1 < words.count { values.append(words[index + 1]) }
            if word.hasPrefix("--store=") { values.append(String(word.dropFirst("--store=".count))) }
        }
        return values.compactMap { value in
            let fields = value.split(separator: ",")
            let path =
                fields.first { $0.hasPrefix("path=") }.map { $0.dropFirst(5) } ?? fields.first { !$0.contains("=") }
            return path.map(String.init).flatMap { ValueType.file.fits($0) ? Claim($0, source: source) : nil }
        }
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        if let claim = settings.on("insecure") {
            draft.setting("authentication", [Claim("disabled", source: claim.source)])
            draft.setting("tls", [Claim("off", source: claim.source)])
        } else if draft.server != nil {
            draft.setting("authentication", settings.defaultClaims("enabled"))
            draft.setting("tls", settings.defaultClaims("on"))
        }
        if let name = settings.claims("cluster-name").first { draft.identify("cluster_name", name) }
        guard let server = draft.server else { return }
        let isAlone = server.process.arguments.contains("start-single-node")
        draft.play(
            isAlone ? .standalone : .primary,
            source:
                "/proc/\(server.process.pid)/cmdline: \(isAlone ? "start-single-node" : "every member takes writes")")
        for store in claims(server, settings).dropFirst() {
            draft.addDirectory(store.value, .data, source: store.source)
        }
    }
}
