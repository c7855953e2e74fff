import FoundationEssentials
import Report

/// Reports to test with.
enum Samples {
    static func report(databases: Int = 2) -> Report {
        var host = Report.Host()
        host.hostname = "db1"
        host.machineID = "0123456789abcdef0123456789abcdef"
        host.addresses = ["10.0.0.1"]
        let scan = Report.Scan(
            startedAt: Timestamp.rounded(Date(timeIntervalSince1970: 1_790_000_000.123)), durationMs: 12,
            status: .complete,
            privileged: true, sandbox: Report.Sandbox(seccomp: false, landlock: false), processesSeen: 100, problems: []
        )
        return Report(
            agent: Report.Agent(version: "0.1.0", architecture: "x86_64"), host: host, scan: scan,
            databases: (0..<databases).map { number in
                var database = Report.Database(key: "mysql:/srv/\(number)", engine: "mysql", state: .running)
                database.version = "8.0.36"
                database.versionPrecision = .exact
                database.evidence = [
                    Report.Evidence(field: "version", value: "8.0.36", source: "/srv/\(number)/ib_logfile0")
                ]
                return database
            })
    }
}
