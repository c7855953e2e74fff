import Engines
import Report

/// Makes a report fit a channel that truncates: detail is left out, the least valuable first, until it does
/// (docs/report.md has the order).
struct OutputLimit {
    /// The least that can be asked for: what is left at the end always fits.
    static let minimum = 2_000
    /// How many there are of each at most, once lists are cut.
    private static let listeners = 4, addresses = 4, problems = 8
    /// The most bytes of a text of the host's description, once there is nothing else left.
    private static let text = 64

    /// The most bytes of output.
    let bytes: Int

    /// What is left out in turn, and the words for it.
    private static let steps: [(what: String, shed: @Sendable (inout Report) -> Void)] = [
        ("evidence", each { $0.evidence = [] }),
        (
            "arguments, unix sockets, configuration files",
            each {
                $0.process?.arguments = []
                $0.unixSockets = []
                $0.configFiles = []
            }
        ),
        (
            "file systems",
            each { for index in $0.dataDirectories.indices { $0.dataDirectories[index].filesystem = nil } }
        ),
        (
            "settings but authentication and tls",
            each { $0.settings = $0.settings.filter { $0.key == "authentication" || $0.key == "tls" } }
        ),
        ("messages of problems", { for index in $0.scan.problems.indices { $0.scan.problems[index].message = "" } }),
        (
            "directories but the data directory, listeners beyond \(listeners)",
            each {
                if $0.dataDirectories.count > 1 {
                    $0.dataDirectories.removeSubrange(1...)
                    $0.dataDirectories[0].complete = false  // its size is not the database's
                }
                // Whoever asks how exposed a server is must not be told less.
                $0.listeners = Array(
                    ($0.listeners.filter(\.isReached) + $0.listeners.filter { !$0.isReached }).prefix(listeners))
            }
        ),
        (
            "addresses beyond \(addresses), problems beyond \(problems)",
            {
                $0.host.addresses = Array($0.host.addresses.prefix(addresses))
                $0.scan.problems = Array($0.scan.problems.prefix(problems))
            }
        ),
        (
            "processes but their numbers, packages, containers, settings",
            each {
                $0.process = $0.process.map { Report.Process(pid: $0.pid) }
                $0.package = nil
                $0.container = nil
                $0.settings = [:]
            }
        ),
    ]

    private static func each(_ shed: @escaping @Sendable (inout Report.Database) -> Void)
        -> @Sendable (inout Report) -> Void
    {
        { report in for index in report.databases.indices { shed(&report.databases[index]) } }
    }

    /// What `encode` makes of the report, or of as much of it as fits.
    func fit(_ report: Report, _ encode: (Report) throws -> [UInt8]) rethrows -> [UInt8] {
        var output = try encode(report)
        if output.count <= bytes { return output }
        var rest = report
        var left: [String] = []
        for step in Self.steps {
            step.shed(&rest)
            left.append(step.what)
            output = try encode(rest.saying(left, bytes))
            if output.count <= bytes { return output }
        }
        // Running servers are worth most, then data without a server; of each, one with a long path must not keep the
        // others out.
        let order = [Report.Database.State.running, .stopped, .installed]
        let ranked = order.flatMap { state in
            rest.databases.filter { $0.state == state }.sorted { $0.key.utf8.count < $1.key.utf8.count }
        }
        if !ranked.isEmpty { rest.scan.status = .partial }
        func keeping(_ count: Int) throws -> [UInt8] {
            var part = rest
            part.databases = ranked.prefix(count).sorted { $0.key < $1.key }
            return try encode(part.saying(left + ["\(ranked.count - count) of \(ranked.count) databases"], bytes))
        }
        var fitting = 0
        var beyond = ranked.count
        while fitting + 1 < beyond {
            let middle = (fitting + beyond) / 2
            if try keeping(middle).count <= bytes { fitting = middle } else { beyond = middle }
        }
        output = try keeping(fitting)
        if output.count <= bytes { return output }
        rest.databases = []
        rest.scan.problems = []
        rest.host = rest.host.core(Self.text)
        return try encode(rest.saying(["everything but the host's identity, \(ranked.count) databases"], bytes))
    }
}

extension Report {
    /// The same, with a problem that says what was left out.
    fileprivate func saying(_ left: [String], _ bytes: Int) -> Report {
        var report = self
        let problem = Problem(
            code: ProblemCode.outputLimit.rawValue, subject: "scan",
            message: "left out to fit \(bytes) bytes: \(left.joined(separator: "; "))")
        report.scan.problems.insert(problem, at: 0)
        return report
    }
}

extension Report.Host {
    /// What tells which host it is, each text at most `limit` bytes.
    fileprivate func core(_ limit: Int) -> Report.Host {
        // What JSON would write as several bytes counts as many: such names are nobody's.
        func cut(_ text: String?) -> String? {
            text.map { text in
                let plain = text.utf8.prefix(limit).map {
                    $0 < 0x20 || $0 > 0x7E || $0 == 0x22 || $0 == 0x5C ? UInt8(ascii: "?") : $0
                }
                return String(decoding: plain, as: UTF8.self)
            }
        }
        var core = Report.Host()
        core.hostname = cut(hostname)
        core.machineID = cut(machineID)
        core.bootID = cut(bootID)
        core.cloud = cloud
        core.cloud?.accountID = cut(cloud?.accountID)
        core.cloud?.region = cut(cloud?.region)
        core.cloud?.availabilityZone = cut(cloud?.availabilityZone)
        core.cloud?.instanceID = cut(cloud?.instanceID)
        core.cloud?.instanceType = cut(cloud?.instanceType)
        return core
    }
}

extension Report.Listener {
    /// Somebody else than the host itself may get through.
    fileprivate var isReached: Bool { exposure == .all }
}
