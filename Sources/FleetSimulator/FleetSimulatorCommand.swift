import ArgumentParser
import Foundation
import Report

@main
struct FleetSimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet-simulator",
        abstract: "Serves the AWS APIs of an organisation with many accounts and instances, on loopback.",
        discussion: """
            For tests of what calls STS, Organizations, EC2, SSM Run Command, S3 and SNS. The fleet comes from the seed: the
            same options make the same accounts, instances and databases. Signatures, limits, page sizes, throttling and the
            spellings of a status are AWS's.

            Start it, and point any AWS client to it:

              fleet-simulator --accounts 40 --instances 75 --port 4566 --share mixed
              export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=eu-west-1
              export AWS_ACCESS_KEY_ID=AKIAFLEETSIMULATOR00 AWS_SECRET_ACCESS_KEY=fleet-simulator
              aws organizations list-accounts

            /_simulator shows how many calls were answered, /_simulator/instances what each instance is.
            --share takes NAME=FRACTION, several times, or mixed:

            \(Shares.Name.allCases.map { "  \($0.rawValue.padding(toLength: 15, withPad: " ", startingAt: 0))\($0.help)" }.joined(separator: "\n"))
            """)

    @OptionGroup(title: "Fleet") var fleet: FleetOptions
    @OptionGroup(title: "Access") var access: AccessOptions
    @OptionGroup(title: "Run Command") var hosts: HostOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    func run() async throws {
        let fleet = try fleet.fleet()
        let documents: [Document]
        do { documents = try hosts.documents() } catch { throw ValidationError("\(error)") }
        let real = try hosts.real(folder: FileManager.default.temporaryDirectory.path)
        let commands = CommandBook(fleet: fleet, documents: documents, hosts: hosts.hosts, real: real)
        let simulator = Simulator(
            fleet: fleet, identities: Identities(access.settings, fleet),
            throttle: Throttle(rate: server.rate, burst: server.burst, always: Set(server.throttled)),
            commands: commands, latency: server.latency, faults: try server.faults())
        let access = access
        if server.untilInputEnds { Self.endWithInput() }
        try await SimulatorServer(simulator: simulator, port: server.port, threads: server.threads) { port in
            let first: JSON = [
                "url": .string("http://127.0.0.1:\(port)"), "hub_account": .string(fleet.hub.id),
                "access_key_id": .string(access.accessKeyID), "secret_access_key": .string(access.secretAccessKey),
                "instances": .number(Double(fleet.size.accounts * fleet.size.regions.count * fleet.size.instances)),
                "first_instance": fleet.size.instances > 0 ? .string(fleet.instance(0).id) : .null,
            ]
            FileHandle.standardOutput.write(Data(first.bytes + [UInt8(ascii: "\n")]))
        }.run()
        if let real { try? FileManager.default.removeItem(atPath: real.folder) }
    }

    /// A graceful stop once standard input has ended: the program that held its other end has ended too.
    private static func endWithInput() {
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 4_096), !data.isEmpty {}
            kill(getpid(), SIGTERM)
        }
    }
}

struct FleetOptions: ParsableArguments {
    @Option(help: "Accounts; the first is the hub and manages the organisation.") var accounts = 3
    @Option(help: "Regions, separated by commas.") var regions = "eu-west-1"
    @Option(help: "Instances in each account and region.") var instances = 10
    @Option(help: "A region that a service control policy denies to every account. It may be repeated.")
    var deniedRegion: [String] = []
    @Option(help: "Another number makes another fleet.") var seed: UInt64 = 1
    @Option(help: "A part that behaves so: NAME=FRACTION, or mixed.") var share: [String] = []
    @Option(help: "How many databases hosts have: NUMBER=WEIGHT,…") var databases =
        "0=0.45,1=0.4,3=0.12,30=0.025,300=0.005"

    func fleet() throws -> Fleet {
        let names = regions.split(separator: ",").map(String.init)
        guard (1...100_000).contains(accounts), (0...1_000_000).contains(instances), !names.isEmpty else {
            throw ValidationError(
                "--accounts is 1 to 100000, --instances 0 to 1000000 in each region, and --regions names one")
        }
        var shares = Shares()
        for text in share {
            if text == "mixed" {
                shares = .mixed
                continue
            }
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let name = Shares.Name(rawValue: String(parts[0])), let value = Double(parts[1]),
                (0...1).contains(value)
            else {
                throw ValidationError(
                    "--share \(text): write mixed or NAME=FRACTION, with a name of \(Shares.Name.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            shares[name] = value
        }
        let texts = databases.split(separator: ",")
        let pairs = texts.compactMap { text -> (count: Int, weight: Double)? in
            let parts = text.split(separator: "=")
            guard parts.count == 2, let count = Int(parts[0]), let weight = Double(parts[1]) else { return nil }
            return (0...1_000).contains(count) && weight >= 0 ? (count, weight) : nil
        }
        guard pairs.count == texts.count, pairs.contains(where: { $0.weight > 0 }) else {
            throw ValidationError(
                "--databases \(databases): write NUMBER=WEIGHT, separated by commas, with numbers up to 1000")
        }
        let counts = DatabaseCounts(weights: pairs)
        return Fleet(
            size: .init(
                accounts: accounts, regions: names, instances: instances, seed: seed, deniedRegions: Set(deniedRegion)),
            shares: shares,
            counts: counts)
    }
}

struct AccessOptions: ParsableArguments {
    @Option(name: .customLong("access-key-id"), help: "The access key of the hub's user.") var accessKeyID =
        "AKIAFLEETSIMULATOR00"
    @Option(help: "Its secret key.") var secretAccessKey = "fleet-simulator"
    @Option(help: "A role that each account has.") var role: [String] = ["dbcensus-spoke"]
    @Option(name: .customLong("external-id"), help: "What AssumeRole must be given; empty for none.") var externalID =
        "fleet"

    @Flag(help: "The management account has no such role, because StackSets do not reach it.")
    var withoutManagementRole = false

    @Flag(help: "The roles' trust policies allow no session tags and no source identity.") var withoutSessionTags =
        false

    @Option(help: "An action that the roles may not call, such as ssm:SendCommand.") var deny: [String] = []

    var settings: Identities.Settings {
        .init(
            accessKey: accessKeyID, secretKey: secretAccessKey, roles: role,
            externalID: externalID.isEmpty ? nil : externalID, denied: Set(deny), takesTags: !withoutSessionTags,
            hasManagementRole: !withoutManagementRole)
    }
}

struct HostOptions: ParsableArguments {
    @Option(help: "A Run Command document of the hub's that prints a report of dbcensus: NAME=FILE.") var document:
        [String] = []
    @Flag(help: "The hub has no document dbcensus yet: CreateDocument makes it.") var withoutDocument = false
    @Option(help: "Mean seconds that a host takes.") var hostSeconds = 1.0
    @Option(help: "How many times faster than the clock commands go.") var speed = 1.0
    @Option(help: "The version of dbcensus in the reports.") var agentVersion = "0.1.0"
    @Option(help: "The frame of the reports: 1 or 2.") var frame = 2
    @Option(
        help:
            "Instances, from the first, on which the document's shell really runs; needs root, --document and --agents."
    )
    var realHosts = 0
    @Option(help: "The folder with the agents that real hosts download.") var agents = "dist"

    @Option(
        help: "A program that runs documents on real hosts instead of their shell alone: PROGRAM DOCUMENT PARAMETERS.")
    var runner: String?

    func validate() throws {
        guard hostSeconds >= 0, speed > 0, Frame.Version(rawValue: frame) != nil else {
            throw ValidationError("--host-seconds is 0 or more, --speed above 0, --frame 1 or 2")
        }
    }

    var hosts: Hosts {
        Hosts(
            seconds: hostSeconds, speed: speed, agentVersion: agentVersion,
            frame: Frame.Version(rawValue: frame) ?? .dictionary)
    }

    func documents() throws -> [Document] {
        var documents: [Document] = [.runShellScript]
        for text in document {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw SimulatorError("--document \(text): write NAME=FILE") }
            documents.append(try Document(name: parts[0], path: parts[1]))
        }
        return document.isEmpty && !withoutDocument ? documents + [.census] : documents
    }

    func real(folder: String) throws -> RealHosts? {
        guard realHosts > 0 else { return nil }
        guard geteuid() == 0, !document.isEmpty else {
            throw ValidationError("--real-hosts needs root, --document and --agents")
        }
        // Root runs scripts in it: nothing that another user made may be taken for it.
        var template = Array((folder + "/fleet-simulator-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SimulatorError("cannot make a folder in \(folder): \(String(cString: strerror(errno)))")
        }
        return RealHosts(
            count: realHosts, agents: agents,
            folder: String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self),
            runner: runner)
    }
}

struct ServerOptions: ParsableArguments {
    @Option(help: "The port on 127.0.0.1; 0 takes a free one.") var port = 4566
    @Option(help: "Threads that serve.") var threads = 1
    @Option(help: "Mean milliseconds that each call takes.") var latency = 0.0
    @Option(help: "Calls a second of one account, region and action; 0 for no limit.") var rate = 20.0
    @Option(help: "How many of them may come at once.") var burst = 50.0
    @Flag(help: "End when standard input ends, as it does when the program that holds its other end is gone.")
    var untilInputEnds = false

    @Option(help: "A region or an account that throttles every call of EC2 and SSM.") var throttled: [String] = []
    @Option(
        help: """
            A part of the calls that goes wrong: NAME=FRACTION, or NAME:service:Action=FRACTION. The names: \
            \(Fault.allCases.map { "\($0.rawValue) (\($0.help))" }.joined(separator: ", ")).
            """)
    var fault: [String] = []

    func faults() throws -> Faults {
        do { return try Faults(fault) } catch { throw ValidationError("\(error)") }
    }

    func validate() throws {
        guard (0...65_535).contains(port), (1...64).contains(threads), latency >= 0, rate >= 0, burst >= 1 else {
            throw ValidationError(
                "--port is 0 to 65535, --threads 1 to 64, --latency and --rate 0 or more, --burst 1 or more")
        }
    }
}
