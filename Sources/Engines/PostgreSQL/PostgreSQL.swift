import HostView
import Report

/// PostgreSQL and builds of it that keep its files.
struct PostgreSQL: Engine {
    let profile = EngineProfile(
        id: "postgresql",
        title: "PostgreSQL",
        executableNames: ["postgres", "postmaster", "edb-postgres"],
        helperTitle: "postgres: ",
        packagePrefixes: ["postgresql", "edb-as", "percona-postgresql", "percona-ppg", "rh-postgresql"],
        softwarePatterns: [
            "/usr/lib/postgresql/*/bin/postgres", "/usr/lib/postgresql*/bin/postgres", "/usr/pgsql-*/bin/postgres",
            "/usr/libexec/postgresql*/postgres", "/usr/bin/postgres", "/usr/bin/postmaster",
            "/usr/local/*/bin/postgres", "/usr/local/bin/postgres", "/usr/lib/edb-as/*/bin/edb-postgres",
            "/opt/rh/*/root/usr/bin/postgres", "/usr/edb/*/bin/edb-postgres",
            "/opt/*/bin/postgres", "/opt/*/*/bin/postgres",
        ],
        dataDirectoryPatterns: [
            "/var/lib/postgresql/*/*", "/var/lib/pgsql/data", "/var/lib/pgsql/*/data", "/var/lib/postgres/data",
            "/var/lib/postgresql/data", "/usr/local/*/data", "/var/lib/edb/*/data", "/var/lib/edb-as/*/*",
            "/var/opt/rh/*/lib/pgsql/data",
            "/opt/*/data",
            "/opt/*/*/data",
        ],
        starterNames: ["pg_ctl"],
        serviceNames: ["postgresql", "edb"],
        versionSources: [
            "package of the running executable", "version string in the running executable", "PG_VERSION (major)",
            "environment of an official image", "catalog version in pg_control (major)",
        ],
        versionMarks: [
            .after("\0PostgreSQL "), .after("|PostgreSQL "), .after("(PostgreSQL) "),
            .after("(EnterpriseDB) ", vendor: "enterprisedb"),
        ],
        versionParts: 2,
        versionWords: ["pgdg", "pg"],
        environmentNames: ["PG_VERSION"],
        placeVariables: ["PGDATA"],
        ports: [PortProfile(5432, "client")],
        isShownByServer: true,
        // A standby has its primary's.
        uniqueIdentities: [UniqueIdentity(name: "system_identifier", isSharedWithReplicas: true)])

    func inspect(_ server: ServerProcess, _ draft: Draft) -> Verdict {
        let host = draft.host
        let pid = server.process.pid
        let arguments = PostgreSQLSettings.arguments(server.process.arguments)
        draft.database.process?.arguments = arguments.reported

        var claims = [server.workingDirectory, arguments.claim("data_directory", pid: pid)].compactMap { $0 }
        arguments.reportUnfit(pid: pid, host.log)
        if let path = server.environment["PGDATA"],
            let claim = Claim(path, source: "/proc/\(pid)/environ: PGDATA").fitting(.path, host.log)
        {
            claims.append(claim)
        }
        let search = PostgreSQLDirectory.first(of: claims, server.root, host, server: server)
        draft.noteDirectory(search, claims, of: server)
        let sources = search.found?.versionSources ?? VersionSources()
        if let reason = draft.proveVersion(of: server, sources, isHeld: search.isHeld) { return .notADatabase(reason) }
        guard let directory = search.found else { return .database }
        directory.describe(draft)
        let settings = PostgreSQLSettings.read(directory, arguments, draft)
        settings.describe(draft, directory)
        directory.addSenders(draft, server.helpers)
        directory.addPostmaster(draft, pid: server.details.containerPid ?? pid)
        return .database
    }

    /// A process that sends the log: it calls itself `walsender`, before version 11 `wal sender process`.
    func isHelper(_ process: HostProcess) -> Bool {
        guard let title = process.arguments.first else { return false }
        let words = title.split(separator: " ")
        // A base backup is sent by one too, and does not make its sender a primary.
        guard !title.contains("sending backup"),
            let sender = words.firstIndex(where: { $0 == "walsender" || $0 == "sender" })
        else { return false }
        return words[sender] == "walsender" || (sender > 0 && words[sender - 1] == "wal")
    }

    /// postmaster.pid, which a postmaster writes into its data directory, names the process that serves it.
    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String] {
        let arguments = PostgreSQLSettings.arguments(server.process.arguments)
        let places = [server.workingDirectory?.value, arguments.values["data_directory"], server.environment["PGDATA"]]
        return places.compactMap { $0 }.filter { path in
            guard path.hasPrefix("/"), let root = server.root,
                let text = try? root.read(Path.join(path, "postmaster.pid"), limit: 4096).text
            else { return false }
            return text.lines.first.flatMap { Int32($0) } == server.details.containerPid ?? server.process.pid
        }
    }

    func configuredDataDirectories(_ host: ScanContext) -> [Claim] {
        PostgreSQLCluster.all(below: host.root, host).map(\.directory)
    }

    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    ) -> [Claim] {
        let argument = PostgreSQLSettings.arguments(words).values["data_directory"]
        return [argument ?? environment["PGDATA"]].compactMap { $0 }.map { Claim($0, source: source) }
    }

    func inspectStopped(_ place: StoppedPlace, _ draft: Draft) -> Bool {
        let search = PostgreSQLDirectory.first(of: [Claim(place.path, source: place.path)], place.root, draft.host)
        guard let directory = search.found else { return false }
        draft.database.version = directory.major  // by which software is chosen
        draft.chooseStoppedVersion(directory.versionSources, place)
        directory.describe(draft)
        PostgreSQLSettings.read(directory, nil, draft).describe(draft, directory)
        return true
    }

    /// Software serves a data directory of its own major version; where the path does not tell, any.
    func serves(_ database: Report.Database, software path: String) -> Bool {
        guard let major = database.version.flatMap(Self.major(of:)),
            let ofPath = path.split(separator: "/").compactMap({ Self.major(of: String($0)) }).first
        else { return true }
        return major == ofPath
    }

    func vendor(package: String) -> String? {
        if package.hasPrefix("edb-") { return "enterprisedb" }
        return package.hasPrefix("percona-") ? "percona" : "community"
    }

    func major(of version: String) -> String? { Self.major(of: version) }

    /// `15` of `15`, `15.18` and `pgsql-15`; `9.6` of `9.6.24`: the second number counted before version 10.
    static func major(of text: String) -> String? {
        let prefix = ["pgsql-", "postgresql"].first { text.hasPrefix($0) } ?? ""
        let text = text.dropFirst(prefix.count)
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = numbers.first.flatMap({ Int($0) }), numbers.allSatisfy({ Int($0) != nil }) else { return nil }
        return first < 10 && numbers.count > 1 ? "\(first).\(numbers[1])" : "\(first)"
    }
}
