import FoundationEssentials
import Report

/// A report's JSON, looked over without decoding its databases: its head, and a digest of what lasts.
///
/// Most reports say nothing new. A digest that equals the stored one of the host tells so: then nothing else of the
/// report has to be read. What changes at every scan is left out of it: times, numbers of processes, memory, free
/// space, evidence. So are the parts of a report that no column needs.
struct ReportDigest: Sendable {
    /// Which host's digest to compare it with, as its bytes say without being decoded; nil where they do not.
    let identity: HostIdentity?
    /// How many databases it has.
    let databases: Int
    /// FNV-1a, 64 bits, over what lasts; it is compared with digests of the same host only.
    let digest: Int64
    /// The report's JSON without its databases.
    private let headJSON: [UInt8]

    /// Members of a scan that differ each time.
    private static let volatile: Set<String> = ["started_at", "duration_ms", "processes_seen", "engines"]
    /// Members of a process and of a file system that differ each time. A column that shows one of them must take it
    /// out of here; then no report of a running server is like the one before it.
    private static let volatileOfProcess: Set<String> = ["memory_bytes"]
    private static let volatileOfFileSystem: Set<String> = ["available_bytes"]
    /// The parts of a database that are digested only where a column needs them.
    private static let optional: [String: Report.Extent] = [
        "process": .process, "unix_sockets": .unixSockets, "config_files": .configFiles, "package": .package,
        "settings": .settings, "evidence": .evidence,
    ]
    /// Another program may derive other values from the same report: with a change of a column's value, count this up.
    private static let revision: UInt8 = 1

    /// Looks over `json`; nil when it is no JSON, or no report that can be read.
    init?(_ json: [UInt8], _ catalog: Catalog) {
        guard json.count <= ReportLimits.inflatedBytes, JSONSyntax.isValid(json), !Report.holdsNUL(json) else {
            return nil
        }
        var hash = FNV1a()
        hash.add(Self.revision)
        for name in catalog.historical.names { hash.add(name.utf8) }
        var head: [UInt8] = [UInt8(ascii: "{")]
        var list: Range<Int>?
        var identity: HostIdentity?
        var scanner = JSONScanner(json)
        scanner.object { name, range in
            guard name != "databases" else { return list = range }
            head += Array("\"\(name)\":".utf8) + json[range] + [UInt8(ascii: ",")]
            if name == "scan" {
                Self.add(json, range, &hash) { !Self.volatile.contains($0) }
            } else {
                hash.add(json, range)
            }
            if name == "host" { identity = Self.identity(json, range) }
        }
        guard let list else { return nil }
        headJSON = head + Array("\"databases\":[]}".utf8)
        self.identity = identity
        databases = Self.addDatabases(json, list, catalog.extent, &hash)
        digest = Int64(bitPattern: hash.value)
    }

    /// The report without its databases.
    func head() throws(ReportError) -> Report { try Report.decode(json: headJSON, .outline) }

    private static func identity(_ json: [UInt8], _ host: Range<Int>) -> HostIdentity? {
        var (instance, machine, name): (String?, String?, String?)
        var members = JSONScanner(json, from: host.lowerBound)
        members.object { member, range in
            switch member {
            case "hostname": name = plainText(json, range)
            case "machine_id": machine = plainText(json, range)
            case "cloud":
                var members = JSONScanner(json, from: range.lowerBound)
                members.object { if $0 == "instance_id" { instance = plainText(json, $1) } }
            default: break
            }
        }
        return HostIdentity(instanceID: instance, machineID: machine, hostname: name)
    }

    /// A text without escapes; nil for anything else.
    private static func plainText(_ json: [UInt8], _ range: Range<Int>) -> String? {
        guard range.count >= 2, json[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let text = json[range].dropFirst().dropLast()
        return text.contains(UInt8(ascii: "\\")) ? nil : String(decoding: text, as: UTF8.self)
    }

    private static func addDatabases(
        _ json: [UInt8], _ list: Range<Int>, _ extent: Report.Extent, _ hash: inout FNV1a
    ) -> Int {
        var count = 0
        var scanner = JSONScanner(json, from: list.lowerBound)
        scanner.array { element in
            count += 1
            var members = JSONScanner(json, from: element.lowerBound)
            members.object { name, range in
                if let part = optional[name], !extent.contains(part) { return }
                hash.add(name.utf8)
                switch name {
                case "process": add(json, range, &hash) { !volatileOfProcess.contains($0) }
                case "data_directories":
                    var directories = JSONScanner(json, from: range.lowerBound)
                    directories.array { addDirectory(json, $0, extent, &hash) }
                default: hash.add(json, range)
                }
            }
        }
        return count
    }

    private static func addDirectory(
        _ json: [UInt8], _ range: Range<Int>, _ extent: Report.Extent, _ hash: inout FNV1a
    ) {
        add(json, range, &hash) { $0 != "filesystem" }
        guard extent.contains(.filesystems) else { return }
        var members = JSONScanner(json, from: range.lowerBound)
        members.object { name, range in
            if name == "filesystem" { add(json, range, &hash) { !volatileOfFileSystem.contains($0) } }
        }
    }

    /// Adds the members of an object that pass `isWanted`, or what else is in its place.
    private static func add(
        _ json: [UInt8], _ range: Range<Int>, _ hash: inout FNV1a, _ isWanted: (String) -> Bool
    ) {
        guard json[range.lowerBound] == UInt8(ascii: "{") else { return hash.add(json, range) }
        var members = JSONScanner(json, from: range.lowerBound)
        members.object { name, range in
            guard isWanted(name) else { return }
            hash.add(name.utf8)
            hash.add(json, range)
        }
    }
}

/// The hash of Fowler, Noll and Vo, 64 bits.
private struct FNV1a {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
        add(0xFF)
    }

    mutating func add(_ bytes: [UInt8], _ range: Range<Int>) {
        bytes.withUnsafeBufferPointer { bytes in
            for index in range { add(bytes[index]) }
        }
        add(0xFF)
    }
}
