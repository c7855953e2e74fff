import HostView
import Report

/// PostgreSQL and builds of it that keep its files.
struct PostgreSQL: Engine {
    let id = "postgresql"
    let title = "PostgreSQL"
    let executableNames: Set<String> = ["postgres", "postmaster", "edb-postgres"]
    let openFileNames: Set<String> = []
    let packagePrefixes = ["postgresql-", "edb-as", "percona-postgresql-"]
    let softwarePatterns = [
        "/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/usr/bin/postgres", "/usr/bin/postmaster",
        "/usr/local/pgsql/bin/postgres", "/usr/local/bin/postgres", "/usr/edb/*/bin/edb-postgres",
        "/opt/*/bin/postgres",
    ]
    let dataDirectoryPatterns = [
        "/var/lib/postgresql/*/*", "/var/lib/pgsql/data", "/var/lib/pgsql/*/data", "/var/lib/postgres/data",
        "/var/lib/postgresql/data", "/usr/local/pgsql/data", "/var/lib/edb/*/data",
    ]
    let versionSources = [
        "version string in the running executable", "package", "PG_VERSION (major)",
        "catalog version in pg_control (major)",
    ]
    let versionParts = 2
    static let environmentNames: Set<String> = ["PGDATA"]

    /// Backends are named `postgres: …`; only the postmaster keeps the arguments it was started with.
    func claims(_ process: HostProcess) -> Bool {
        executableNames.contains(process.name) && process.arguments.first?.hasPrefix("postgres:") != true
    }

    func inspect(_ server: Server, _ host: Host) -> Verdict {
        let pid = server.process.pid
        let arguments = PostgreSQLSettings.arguments(server.process.arguments)
        var database = Report.Database(key: "", engine: id, state: .running)
        database.process = Report.Process(pid: pid)
        database.process?.arguments = arguments.reported
        database.note("engine", server.process.executable ?? server.process.argumentName, source: "/proc/\(pid)/exe")

        var claims = [server.workingDirectory, arguments.claim("data_directory", pid: pid)].compactMap { $0 }
        do throws(HostError) {
            let environment = try ProcessDetails.environment(pid, host.proc, names: Self.environmentNames)
            if let path = environment["PGDATA"] { claims.append(Claim(path, source: "/proc/\(pid)/environ: PGDATA")) }
        } catch { host.log.add(error) }
        let search = PostgreSQLDirectory.first(of: claims, server.root, host)
        if search.found == nil, !search.denied, !server.mayListen {
            return .notADatabase("it has the name of a server but neither a data directory nor a listening socket")
        }
        guard let directory = search.found else {
            if let path = claims.first(where: { $0.source.contains("cmdline") }) ?? claims.first, search.denied {
                database.dataDirectories = [
                    Report.DataDirectory(path: Path.tidy(path.value), hostPath: nil, purpose: .data)
                ]
            } else {
                host.log.add(
                    .dataDirectoryNotFound, "pid \(pid)",
                    "none of \(claims.map(\.value).joined(separator: ", ")) is a data directory of \(title)")
            }
            for claim in claims { database.note("data_directories", claim.value, source: claim.source) }
            database.chooseVersion(softwareVersion(server, major: nil, host))
            return .database(database)
        }
        for claim in claims { database.note("data_directories", claim.value, source: claim.source) }
        directory.describe(&database, software: softwareVersion(server, major: directory.major, host), host)
        let settings = PostgreSQLSettings.read(directory, arguments, pid: pid, host)
        settings.describe(&database, directory)
        directory.addPostmaster(&database, pid: server.details.containerPid ?? pid, host)
        return .database(database)
    }

    func configuredDataDirectories(_ host: Host) -> [Claim] {
        PostgreSQLCluster.all(below: host.root, host).map(\.directory)
    }

    func inspectStopped(_ path: String, _ host: Host) -> Report.Database? {
        let search = PostgreSQLDirectory.first(of: [Claim(path, source: path)], host.root, host)
        guard let directory = search.found else { return nil }
        var database = Report.Database(key: "", engine: id, state: .stopped)
        database.note("state", "stopped", source: "no server process has \(path) as its data directory")
        database.version = directory.major
        let package = host.package(serving: database, self)
        database.version = nil
        database.add(package, of: self)
        directory.describe(&database, software: [versionClaim(package: package)].compactMap { $0 }, host)
        PostgreSQLSettings.read(directory, nil, pid: 0, host).describe(&database, directory)
        return database
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

    /// `15` of `15`, `15.18` and `pgsql-15`; `9.6` of `9.6.24`: the second number counted before version 10.
    static func major(of text: String) -> String? {
        let text = text.hasPrefix("pgsql-") ? text.dropFirst("pgsql-".count) : text[...]
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = numbers.first.flatMap({ Int($0) }), numbers.allSatisfy({ Int($0) != nil }) else { return nil }
        return first < 10 && numbers.count > 1 ? "\(first).\(numbers[1])" : "\(first)"
    }

    /// What executable and package say; the executable is read through /proc, so it is the one that runs.
    private func softwareVersion(_ server: Server, major: String?, _ host: Host) -> [VersionClaim] {
        var claims: [VersionClaim] = []
        if let text = ExecutableVersion.postgreSQL(server, host) { claims.append(text) }
        if !server.process.executableDeleted, let package = versionClaim(package: server.package) {
            claims.append(package)
        }
        // The file may be a wrapper's or another major's: then only what agrees with the data directory counts.
        return claims.filter { major == nil || Self.major(of: $0.number) == major }
    }
}
