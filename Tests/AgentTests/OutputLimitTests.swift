import Foundation
import HostView
import Report
import Testing

@testable import Agent

@Suite("Output that fits")
struct OutputLimitTests {
    /// A host with `count` databases, as different from each other as those of a real one.
    private func report(_ count: Int, hostname: String = "db1.example.com", text: (Int) -> String = { "\($0)" })
        -> Report
    {
        var host = Report.Host()
        host.hostname = hostname
        host.machineID = "0123456789abcdef0123456789abcdef"
        host.bootID = "01234567-89ab-cdef-0123-456789abcdef"
        host.addresses = (0..<6).map { "10.0.0.\($0)" }
        var cloud = Report.Cloud(provider: "aws")
        cloud.accountID = "123456789012"
        cloud.instanceID = "i-0123456789abcdef0"
        host.cloud = cloud
        let databases = (0..<count).map { number in
            var database = Report.Database(
                key: "mysql:/srv/\(text(number))", engine: "mysql", state: [.running, .stopped, .installed][number % 3])
            if database.state == .running { database.process = Report.Process(pid: Int32(number)) }
            database.version = "8.0.\(number)"
            database.versionPrecision = .exact
            database.settings = [
                "port": "\(3306 + number)", "tls": "on", "authentication": "enabled", "bind": text(number),
            ]
            database.configFiles = ["/etc/mysql/\(text(number)).cnf"]
            database.dataDirectories = [
                Report.DataDirectory(path: "/srv/\(text(number))", hostPath: "/srv/\(text(number))", purpose: .data)
            ]
            database.listeners = (0..<9).map {
                Report.Listener(
                    address: $0 == 8 ? "0.0.0.0" : "127.0.0.\($0)", port: 3306, protocol: .tcp,
                    exposure: $0 == 8 ? .all : .loopback, purpose: nil)
            }
            database.evidence = (0..<20).map {
                Report.Evidence(
                    field: "settings.\($0)", value: text(number * 31 + $0), source: "/etc/\(text(number)):\($0)")
            }
            return database
        }
        return Report(
            agent: Report.Agent(version: agentVersion, architecture: "x86_64"), host: host,
            scan: Report.Scan(
                startedAt: Date(timeIntervalSince1970: 1_700_000_000), durationMs: 12, status: .complete,
                privileged: true,
                sandbox: Report.Sandbox(seccomp: true, landlock: true), processesSeen: 200,
                problems: (0..<count).map { Report.Problem(code: "denied", subject: "/srv/\($0)", message: text($0)) }),
            databases: databases.sorted { $0.key < $1.key })
    }

    private func fit(_ report: Report, _ bytes: Int) throws -> (size: Int, report: Report) {
        let output = try OutputLimit(bytes: bytes).fit(report, { try Frame.encode($0) })
        return (output.count, try Report.decode(json: Packed.decompress(Frame.find(in: output)[0].packed.get())))
    }

    @Test("what fits is left as it is")
    func whole() throws {
        let whole = report(1)
        let (_, fitted) = try fit(whole, 100_000)
        #expect(try Frame.encode(fitted) == Frame.encode(whole))
    }

    @Test("evidence goes first, then detail; databases go last, installed ones before running ones")
    func order() throws {
        let whole = report(120)
        var last = Int.max
        var seen: [Set<String>] = []
        for bytes in [12_000, 8_000, 6_000, 5_000, 4_000, 3_000, OutputLimit.minimum] {
            let (size, fitted) = try fit(whole, bytes)
            #expect(size <= bytes)
            #expect(fitted.databases.count <= last)
            last = fitted.databases.count
            let problem = try #require(fitted.scan.problems.first)
            #expect(problem.code == "output_limit" && problem.message.contains("evidence"))
            #expect(fitted.databases.allSatisfy { $0.evidence.isEmpty })
            #expect(fitted.scan.status == (fitted.databases.count < 120 ? .partial : .complete))
            #expect(fitted.databases.allSatisfy { $0.listeners.contains { $0.exposure == .all } })
            let states = Set(fitted.databases.map(\.state.rawValue))
            if seen.last != states { seen.append(states) }
        }
        #expect(seen.first == ["running", "stopped", "installed"])
        #expect(!seen.contains { $0.contains("installed") && !$0.contains("running") })
        #expect(last < 120, "the least output takes fewer than all")
    }

    @Test(
        "whatever the host says of itself, a frame of any size that may be asked for decodes",
        arguments: [OutputLimit.minimum, 2_400, 24_000])
    func hostile(bytes: Int) throws {
        var random = SystemRandomNumberGenerator()
        let noise: (Int) -> String = { _ in
            String(decoding: (0..<512).map { _ in UInt8.random(in: 1...255, using: &random) }, as: UTF8.self)
        }
        let escapes = String(repeating: "\u{1}", count: 100)
        for (count, noise) in [(0, noise), (1, noise), (12, noise), (1, { _ in escapes })] {
            var whole = report(count, hostname: noise(0)) { "\($0)" + noise(0) }
            whole.host.machineID = noise(0)
            whole.host.bootID = noise(0)
            whole.host.kernel = noise(0)
            whole.host.addresses = (0..<64).map { noise($0) }
            whole.host.cloud?.accountID = noise(0)
            whole.host.cloud?.region = noise(0)
            whole.host.cloud?.availabilityZone = noise(0)
            whole.host.cloud?.instanceID = noise(0)
            whole.host.cloud?.instanceType = noise(0)
            let (size, fitted) = try fit(whole, bytes)
            #expect(size <= bytes, "\(count) databases")
            #expect((fitted.scan.problems.first?.code == "output_limit") == (try Frame.encode(whole).count > bytes))
            #expect(fitted.scan.status == (fitted.databases.count < count ? .partial : .complete))
            let json = try OutputLimit(bytes: bytes).fit(whole) { try $0.json(.pretty) }
            #expect(json.count <= bytes)
            _ = try Report.decode(json: json)
        }
    }
}
