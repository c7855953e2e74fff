import Foundation
import Logging
import Testing
import Web

@testable import Collector

@Suite("Configuration")
struct ConfigurationTests {
    private static func file(_ text: String) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).yaml")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private static func load(
        _ text: String? = nil, environment: [String: String] = [:], flags: [String] = []
    ) throws -> Configured<Configuration> {
        try Configuration.load(file: try text.map(file), environment: environment, flags: flags)
    }

    @Test("flags come before the environment, the environment before the file, the file before the defaults")
    func precedence() throws {
        let text = "server:\n  port: 1\nlimits:\n  connections: 11\n"
        let all = try Self.load(
            text, environment: ["DBCENSUS_SERVER_PORT": "2", "OTHER": "x"], flags: ["server.port=3"])
        #expect(all.value.server.port == 3 && all.value.limits.connections == 11)
        #expect(all.sources["server.port"] == .flag("--set server.port"))
        guard case .file(_, line: 4)? = all.sources["limits.connections"] else { throw ConfigurationError("no line") }
        #expect(all.sources["log.level"] == nil && all.value.log.level == .info)
        #expect(try Self.load(text, environment: ["DBCENSUS_SERVER_PORT": "2"]).value.server.port == 2)
        #expect(try Self.load(text).value.server.port == 1 && Self.load().value.server.port == 8629)
        #expect(try Self.load("").value == Configuration() && Self.load("# nothing\n").value == Configuration())
    }

    @Test(
        "an error names the place, the setting and what to do",
        arguments: [
            ("server:\n  prot: 1\n", "line 2: there is no setting \"server.prot\"; did you mean server.port?"),
            ("sever:\n  port: 1\n", "line 1: there is no setting \"sever\""),
            ("port: 1\n", "did you mean server.port?"),
            ("log:\n  colour: x\n", "there are log.level, log.format"),
            ("server:\n  port: many\n", "line 2: server.port must be a whole number from 0 to 65535, not \"many\""),
            ("server:\n\n  port:\n    - 1\n", "server.port must be a whole number from 0 to 65535, not a list"),
            ("metrics:\n  token: maybe\n", "must be true or false, not \"maybe\""),
            ("log:\n  level: loud\n", "must be one of trace, debug, info"),
            ("- a\n", "the file must have keys below it"), ("server: 1\n", "server must have keys below it"),
            ("store:\n  path: ''\n", "store.path must be text"), ("a: [\n", "invalid YAML"),
            ("server:\n  certificate: /x\n", "belong together"), ("server:\n  address: 0.0.0.0\n", "unencrypted"),
        ])
    func errors(text: String, message: String) throws {
        #expect { try Self.load(text) } throws: { error in
            ((error as? ConfigurationError)?.message ?? "").contains(message)
        }
    }

    @Test("the environment and the flags have errors of their own")
    func otherErrors() {
        #expect { try Self.load(environment: ["DBCENSUS_SERVER_PROT": "1"]) } throws: {
            ($0 as? ConfigurationError)?.message
                == "environment variable DBCENSUS_SERVER_PROT: there is no such setting; did you mean DBCENSUS_SERVER_PORT?"
        }
        #expect { try Self.load(flags: ["server.port"]) } throws: {
            ($0 as? ConfigurationError)?.message == "--set server.port: write section.key=value"
        }
        #expect { try Self.load(flags: ["server.port=x"]) } throws: {
            ($0 as? ConfigurationError)?.message.hasPrefix("--set server.port: server.port must be") == true
        }
    }

    @Test("every setting has a name, a type and a help, and what is written can be read again")
    func everySetting() throws {
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
        for setting in Setting.all {
            #expect(setting.name.contains(".") && setting.help.hasSuffix(".") && !setting.type.isEmpty)
        }
        let first = try Self.load("server:\n  port: 9000\nlog:\n  format: json\nretention:\n  report_days: 7\n")
        let printed = ConfigurationText.effective(first, Setting.all)
        #expect(printed.contains("  port: 9000") && printed.contains("line 2\n") && printed.contains("# default"))
        #expect(try Self.load(printed).value == first.value)
    }

    @Test("SIGHUP takes what it may, and names the rest")
    func live() throws {
        let live = LiveConfiguration(Configuration())
        var new = Configuration()
        new.log.level = .debug
        new.limits.requestBurst = 7
        new.server.port = 1
        new.limits.queuedReports = 3
        #expect(live.take(new) == ["server.port", "limits.queued_reports"])
        #expect(live.value.log.level == .debug && live.web.value.limits.requestBurst == 7)
        #expect(live.value.server.port == 8629 && live.web.value.limits.queuedReports == 4_096)
    }

    @Test("docs/configuration.md is what the program says of its settings")
    func reference() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        #expect(text == ConfigurationText.reference(Configuration(), Setting.all), "run `make reference`")
    }
}

/// The `discovery:` section of the design: nested values, lists, maps and records.
struct Discovery: Sendable, Equatable {
    struct Account: Sendable, Equatable {
        var id = ""
        var roleARN: String?
        var regions: [String] = ["*"]
    }

    var roleName = ""
    var externalID: String?
    var isOrganization = false
    var units: [String] = []
    var accounts: [Account] = []
    var regions: [String] = ["*"]
    var tags: [String: [String]] = [:]
    var jitter = Duration.seconds(600)
    var stopAt = 5

    static let settings: [Setting<Discovery>] = [
        .init("discovery.role_name", \.roleName, .text, "Assumed in each account."),
        .init("discovery.external_id", \.externalID, .optional(.text), secret: true, "Sent with it."),
        .init("discovery.organization.enabled", \.isOrganization, .flag, "Whether accounts are listed."),
        .init("discovery.organization.organizational_units", \.units, .list(of: .text), "Units."),
        .init(
            "discovery.accounts", \.accounts,
            .list(
                of: .record(
                    Account(),
                    [
                        .init("id", \.id, .text, isRequired: true), .init("role_arn", \.roleARN, .optional(.text)),
                        .init("regions", \.regions, .list(of: .text)),
                    ])), "Accounts."),
        .init("discovery.regions", \.regions, .list(of: .text), "Regions."),
        .init("discovery.instances.tags", \.tags, .map(of: .list(of: .text)), "Tags."),
        .init("discovery.schedule.jitter", \.jitter, .duration, "Jitter."),
        .init("discovery.stop_at.failures", \.stopAt, .percent, "Failures."),
    ]
}

@Suite("Nested settings")
struct NestedSettingTests {
    static let text = """
        discovery:
          role_name: dbcensus-spoke
          external_id: s3cret
          organization: { enabled: true, organizational_units: [ou-1, ou-2] }
          accounts: [ { id: "111122223333", role_arn: arn, regions: [eu-*] } ]
          regions: ["*"]
          instances: { tags: { env: [prod, stage] } }
          schedule: { jitter: 10m }
          stop_at: { failures: 5% }
        """

    private static func read(
        _ text: String, environment: [String: String] = [:], flags: [String] = []
    ) throws -> Configured<Discovery> {
        let file = FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).yaml")
        try Data(text.utf8).write(to: file)
        var reader = ConfigurationReader(Discovery(), Discovery.settings)
        try reader.read(file: file.path)
        try reader.read(environment: environment)
        try reader.read(flags: flags)
        return reader.configured
    }

    @Test("values, lists, maps and records are read, and written so that they can be read again")
    func example() throws {
        let read = try Self.read(Self.text)
        var wanted = Discovery()
        wanted.roleName = "dbcensus-spoke"
        wanted.externalID = "s3cret"
        wanted.isOrganization = true
        wanted.units = ["ou-1", "ou-2"]
        wanted.accounts = [.init(id: "111122223333", roleARN: "arn", regions: ["eu-*"])]
        wanted.tags = ["env": ["prod", "stage"]]
        #expect(read.value == wanted)
        let printed = ConfigurationText.effective(read, Discovery.settings)
        #expect(!printed.contains("s3cret") && printed.contains("external_id: ********"))
        #expect(printed.contains("  organization:\n    enabled: true"))
        #expect(try Self.read(printed.replacing("********", with: "s3cret")).value == wanted)
    }

    @Test("variables and flags take lists as a,b or as YAML")
    func flows() throws {
        let read = try Self.read(
            Self.text, environment: ["DBCENSUS_DISCOVERY_REGIONS": "eu-west-1,us-*"],
            flags: [
                "discovery.accounts=[{id: '1'}]", "discovery.instances.tags={a: [b]}",
                "discovery.organization.organizational_units=",
            ])
        #expect(read.value.regions == ["eu-west-1", "us-*"] && read.value.accounts == [.init(id: "1")])
        #expect(read.value.tags == ["a": ["b"]] && read.value.units.isEmpty)
    }

    @Test(
        "errors name the line in which they are",
        arguments: [
            ("discovery:\n  accounts:\n    - id: '1'\n    - role: x\n", "line 4", "did you mean role_arn?"),
            ("discovery:\n  accounts:\n    - id: '1'\n    - regions: [a]\n", "line 4", "has no id, which it needs"),
            ("discovery:\n  accounts:\n    - id: '1'\n      regions: a\n", "line 4", "regions must be a list of text"),
            (
                "discovery:\n  organization:\n    enable: true\n", "line 3",
                "did you mean discovery.organization.enabled?"
            ),
            ("discovery:\n  schedule:\n    jitter: soon\n", "line 3", "must be a duration such as 30s, 10m, 2h or 1d"),
            ("discovery:\n  stop_at:\n    failures: 5\n", "line 3", "must be a percentage"),
            ("discovery:\n  instances:\n    tags: [a]\n", "line 3", "must be a map"),
            ("discovery:\n  external_id: [s3cret]\n", "line 2", "external_id must be text"),
        ])
    func errors(text: String, line: String, message: String) throws {
        #expect { try Self.read(text) } throws: { error in
            let text = (error as? ConfigurationError)?.message ?? ""
            return text.contains(line) && text.contains(message) && !text.contains("s3cret")
        }
    }
}
