import Foundation

/// One EC2 instance.
struct Instance: Sendable {
    /// What SSM and EC2 know of it.
    enum Kind: String, Sendable, Codable {
        case managed, unmanaged, offline, stopped, windows, hybrid

        init(_ fraction: Double, _ shares: Shares) {
            var left = fraction
            for (kind, name) in [
                (Kind.unmanaged, Shares.Name.unmanaged), (.offline, .offline), (.stopped, .stopped),
                (.windows, .windows), (.hybrid, .hybrid),
            ] {
                left -= shares[name]
                if left < 0 {
                    self = kind
                    return
                }
            }
            self = .managed
        }
    }

    /// How an invocation of it ends.
    enum Outcome: String, Sendable, Codable {
        case success, undeliverable, failed, truncated, garbage, terminated, skewed, hostile
        case timedOut = "timed_out"

        init(_ fraction: Double, _ shares: Shares) {
            var left = fraction
            let all: [(Outcome, Shares.Name)] = [
                (.undeliverable, .undeliverable), (.timedOut, .timedOut), (.terminated, .terminated),
                (.failed, .failed),
                (.truncated, .truncated), (.garbage, .garbage), (.skewed, .skewed), (.hostile, .hostile),
            ]
            for (outcome, name) in all {
                left -= shares[name]
                if left < 0 {
                    self = outcome
                    return
                }
            }
            self = .success
        }
    }

    var number: Int
    var account: Account
    var region: String
    var kind: Kind
    var outcome: Outcome
    /// How many databases its reports have.
    var databases: Int
    var draw: Draw

    /// 17 digits after `i-` or `mi-`, of which the last nine are its number.
    var id: String {
        let digits = String(number, radix: 16)
        return (kind == .hybrid ? "mi-" : "i-") + draw.of("id").hex(8)
            + String(repeating: "0", count: 9 - digits.utf8.count) + digits
    }
    var isArm: Bool { draw.of("architecture").fraction < 0.4 }
    var architecture: String { isArm ? "arm64" : "x86_64" }
    var type: String { (isArm ? "m7g." : "m7i.") + draw.of("type").pick(["large", "xlarge", "2xlarge"]) }
    var zone: String { region + draw.of("zone").pick(["a", "b", "c"]) }
    var privateAddress: String { "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)" }
    var hostname: String { "ip-" + privateAddress.replacing(".", with: "-") }
    var environment: String { draw.of("environment").pick(["prod", "stage", "dev"]) }
    var name: String { "\(draw.of("name").pick(["db", "app", "cache", "batch"]))-\(environment)-\(number)" }
    var launchedAt: Date { Date(timeIntervalSince1970: 1_767_225_600 + draw.of("launched").fraction * 20_000_000) }
    var isRunning: Bool { kind != .stopped }
    var isKnownToSSM: Bool { kind != .unmanaged }
    var platform: (type: String, name: String, version: String) {
        kind == .windows
            ? ("Windows", "Microsoft Windows Server 2022 Datacenter", "10.0.20348") : ("Linux", "Amazon Linux", "2023")
    }
}
