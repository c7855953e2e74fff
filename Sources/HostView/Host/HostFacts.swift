import Glibc

/// What the host's files say about the machine itself. Each value is nil where its file is missing or invalid.
public struct HostFacts: Sendable, Equatable {
    /// /proc/sys/kernel/hostname, else /etc/hostname.
    public var hostname: String?
    /// /etc/machine-id (machine-id(5)), else the firmware's UUID.
    public var machineID: String?
    /// /proc/sys/kernel/random/boot_id.
    public var bootID: String?
    /// The distribution.
    public var os: OSRelease?
    /// /proc/sys/kernel/osrelease.
    public var kernel: String?
    /// uname(2), on the running kernel only.
    public var architecture: String?
    /// Processors in /sys/devices/system/cpu/online.
    public var cpus: Int?
    /// `MemTotal` of /proc/meminfo, in bytes.
    public var memoryBytes: Int64?
    /// `btime` of /proc/stat: seconds since 1970.
    public var bootedAt: Int64?
    /// Addresses in /proc/net/fib_trie and if_inet6, loopback and link-local ones left out, sorted, at most
    /// `addressLimit`.
    public var addresses = Bounded<[String]>([])

    /// The most addresses that are kept.
    public static let addressLimit = 256

    /// Reads everything below `root`.
    public static func read(_ root: HostRoot, _ proc: ProcFS) -> HostFacts {
        func line(_ path: String) -> String? {
            (try? proc.read(path, limit: 4096).text).flatMap(firstLine)
        }
        func file(_ path: String) -> String? {
            (try? root.read(path, limit: 4096, kernelFiles: true).text).flatMap(firstLine)
        }
        var facts = HostFacts()
        facts.hostname = line("sys/kernel/hostname") ?? file("/etc/hostname")
        // A firmware's UUID stands in where a system was never given an id, as systemd itself does on virtual machines.
        let firmware = file("/sys/devices/virtual/dmi/id/product_uuid").map {
            String($0.lowercased().filter { $0 != "-" })
        }
        facts.machineID = (file("/etc/machine-id").flatMap(validMachineID)) ?? firmware.flatMap(validMachineID)
        facts.bootID = line("sys/kernel/random/boot_id")
        facts.os = OSRelease.read(root)
        facts.kernel = line("sys/kernel/osrelease")
        facts.architecture = proc.isLive ? machine() : nil
        facts.cpus = file("/sys/devices/system/cpu/online").flatMap(countCPUs)
        facts.memoryBytes = (try? proc.read("meminfo", limit: 16 << 10).text).flatMap(memoryTotal)
        facts.bootedAt = (try? proc.read("stat", limit: 8 << 20).text).flatMap(bootTime)
        facts.addresses = addresses(proc)
        return facts
    }

    private static func firstLine(_ text: String) -> String? {
        text.lines.first.map(String.init)
    }

    static func validMachineID(_ text: String) -> String? {
        text.utf8.count == 32 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase } ? text : nil
    }

    private static func machine() -> String? {
        var name = utsname()
        guard uname(&name) == 0 else { return nil }
        return withUnsafeBytes(of: name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Counts a list such as `0-3,8`.
    static func countCPUs(_ list: String) -> Int? {
        var count = 0
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first >= 0, last >= first, last < 1 << 20 else {
                return nil
            }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    static func memoryTotal(_ text: String) -> Int64? {
        guard let line = text.lines.first(where: { $0.hasPrefix("MemTotal:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int64($0) }), kibibytes < 1 << 50
        else { return nil }
        return kibibytes * 1024
    }

    static func bootTime(_ text: String) -> Int64? {
        text.lines.last { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst(6)) }.flatMap {
            (0...0xFFFF_FFFF).contains($0) ? $0 : nil
        }
    }

    private static func addresses(_ proc: ProcFS) -> Bounded<[String]> {
        var shortfalls: [HostError] = []
        func read(_ path: String, limit: Int, _ parse: (String) -> [String]) -> [String] {
            guard let contents = try? proc.read(path, limit: limit) else { return [] }
            _ = contents.value(notingIn: &shortfalls)
            return parse(contents.text)
        }
        let all =
            read("net/fib_trie", limit: 4 << 20, localAddresses) + read("net/if_inet6", limit: 1 << 20, inet6Addresses)
        if all.count > addressLimit {
            shortfalls.note(HostError(operation: "list", path: "addresses", reason: .tooLarge))
        }
        return Bounded(Array(all.sorted().prefix(addressLimit)), shortfalls: shortfalls)
    }

    /// The addresses in fib_trie that a `/32 host LOCAL` line follows.
    static func localAddresses(_ text: String) -> [String] {
        var found = Set<String>()
        var address = ""
        for line in text.lines {
            let words = line.split(separator: " ")
            if words.first == "|--", words.count == 2 {
                address = String(words[1])
            } else if words == ["/32", "host", "LOCAL"], !address.hasPrefix("127."), !address.hasPrefix("169.254.") {
                found.insert(address)
            }
        }
        return Array(found)
    }

    /// The addresses in if_inet6 of global scope.
    static func inet6Addresses(_ text: String) -> [String] {
        text.lines.compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[0].count == 32, fields[3] == "00" else { return nil }
            let digits = Array(fields[0])
            let bytes = stride(from: 0, to: 32, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
            return bytes.count == 16 ? TCPListener(addressBytes: bytes, port: 0, inode: 0).address : nil
        }
    }
}
