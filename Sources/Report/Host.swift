import FoundationEssentials

extension Report {
    /// The machine that a report is about. Identity comes first from `cloud`, then from `machineID`.
    public struct Host: Codable, Sendable, Equatable {
        /// The kernel's host name, or /etc/hostname where no kernel runs.
        @ExplicitNull public var hostname: String?
        /// /etc/machine-id, else the firmware's UUID: 32 hexadecimal digits.
        @ExplicitNull public var machineID: String?
        /// The kernel's random id of this boot.
        @ExplicitNull public var bootID: String?
        /// The distribution, from os-release.
        @ExplicitNull public var os: OperatingSystem?
        /// The kernel's release, such as `6.1.0-18-amd64`.
        @ExplicitNull public var kernel: String?
        /// The machine's architecture in the kernel's words, such as `aarch64`.
        @ExplicitNull public var architecture: String?
        /// Online processors.
        @ExplicitNull public var cpus: Int?
        /// Memory that the kernel manages, in bytes.
        @ExplicitNull public var memoryBytes: Int64?
        /// When the kernel started.
        @ExplicitNull public var bootedAt: Date?
        /// Addresses of the host, loopback and link-local ones left out, sorted.
        public var addresses: [String]
        /// Which cloud instance this is, learned from files alone.
        @ExplicitNull public var cloud: Cloud?

        /// A host of which nothing is known yet.
        public init() { addresses = [] }

        enum CodingKeys: String, CodingKey {
            case hostname
            case machineID = "machine_id"
            case bootID = "boot_id"
            case os, kernel, architecture, cpus
            case memoryBytes = "memory_bytes"
            case bootedAt = "booted_at"
            case addresses, cloud
        }
    }

    /// A distribution, as os-release(5) names it.
    public struct OperatingSystem: Codable, Sendable, Equatable {
        /// `ID`, such as `debian`, `amzn`, `rhel`.
        public var id: String
        /// `VERSION_ID`, such as `12`.
        @ExplicitNull public var version: String?
        /// `PRETTY_NAME`.
        @ExplicitNull public var name: String?

        /// The distribution `id`.
        public init(id: String, version: String?, name: String?) {
            self.id = id
            self.version = version
            self.name = name
        }
    }

    /// The cloud instance that a host is.
    public struct Cloud: Codable, Sendable, Equatable {
        /// `aws`.
        public var provider: String
        /// The twelve digits of the AWS account.
        @ExplicitNull public var accountID: String?
        /// Such as `eu-central-1`.
        @ExplicitNull public var region: String?
        /// Such as `eu-central-1a`.
        @ExplicitNull public var availabilityZone: String?
        /// Such as `i-0123456789abcdef0`.
        @ExplicitNull public var instanceID: String?
        /// Such as `m7g.large`.
        @ExplicitNull public var instanceType: String?

        /// An instance at `provider` of which nothing else is known yet.
        public init(provider: String) { self.provider = provider }

        enum CodingKeys: String, CodingKey {
            case provider
            case accountID = "account_id"
            case region
            case availabilityZone = "availability_zone"
            case instanceID = "instance_id"
            case instanceType = "instance_type"
        }
    }
}
