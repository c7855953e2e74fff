import FoundationEssentials
import Report
import Synchronization

/// A report's JSON with the places of its parts: one database of ten thousand is decoded without the others.
struct ReportParts: Sendable {
    let json: [UInt8]
    private var members: [String: Range<Int>] = [:]
    private var databases: [ByteText: Range<Int>] = [:]

    /// Finds the parts in one pass over the bytes; what is no report has none.
    init(_ json: [UInt8]) {
        self.json = json
        var scanner = JSONScanner(json)
        scanner.object { name, range in
            members[name] = range
            guard name == "databases" else { return }
            var elements = JSONScanner(json, from: range.lowerBound)
            elements.array { element in
                var fields = JSONScanner(json, from: element.lowerBound)
                fields.object { field, value in
                    guard field == "key", let key = try? decode(String.self, value) else { return }
                    databases[ByteText(key)] = element
                }
            }
        }
    }

    /// Bytes that it keeps.
    var weight: Int { json.count + databases.count * 64 }

    /// The database `key`; nil when there is none.
    func database(_ key: String) throws(ReportError) -> Report.Database? {
        guard let range = databases[ByteText(key)] else { return nil }
        return try decode(Report.Database.self, range)
    }

    /// How the scan went.
    func scan() throws(ReportError) -> Report.Scan { try member("scan") }

    /// The machine.
    func host() throws(ReportError) -> Report.Host { try member("host") }

    private func member<Value: Decodable>(_ name: String) throws(ReportError) -> Value {
        guard let range = members[name] else { throw ReportError(.badJSON, "top level: no \"\(name)\"") }
        return try decode(Value.self, range)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ range: Range<Int>) throws(ReportError) -> Value {
        do { return try Report.decoder().decode(type, from: Data(json[range])) } catch {
            throw ReportError(.badJSON, "\(error)")
        }
    }
}

/// Steps over JSON values without making anything of them; the JSON was decoded before it was stored.
struct JSONScanner {
    private let bytes: [UInt8]
    private var index: Int

    init(_ bytes: [UInt8], from index: Int = 0) {
        self.bytes = bytes
        self.index = index
    }

    /// Calls `member` with the name and the place of each member of the object here.
    mutating func object(_ member: (String, Range<Int>) -> Void) {
        guard next() == UInt8(ascii: "{") else { return }
        index += 1
        while next() == UInt8(ascii: "\"") {
            let start = index
            skip()
            let name = String(decoding: bytes[start + 1..<max(start + 1, index - 1)], as: UTF8.self)
            guard next() == UInt8(ascii: ":") else { return }
            index += 1
            _ = next()
            let place = index
            skip()
            guard index > place else { return }
            member(name, place..<index)
            guard next() == UInt8(ascii: ",") else { return }
            index += 1
        }
    }

    /// Calls `element` with the place of each element of the array here.
    mutating func array(_ element: (Range<Int>) -> Void) {
        guard next() == UInt8(ascii: "[") else { return }
        index += 1
        while let byte = next(), byte != UInt8(ascii: "]") {
            let place = index
            skip()
            guard index > place else { return }
            element(place..<index)
            guard next() == UInt8(ascii: ",") else { return }
            index += 1
        }
    }

    /// The next byte that is no blank.
    private mutating func next() -> UInt8? {
        while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
        return index < bytes.count ? bytes[index] : nil
    }

    /// Goes behind the value here.
    private mutating func skip() {
        bytes.withUnsafeBufferPointer { bytes in
            var depth = 0
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "\""):
                    index += 1
                    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                    }
                    index = min(index + 1, bytes.count)
                    if depth == 0 { return }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return }
                    depth -= 1
                    if depth == 0 {
                        index += 1
                        return
                    }
                case UInt8(ascii: ","), UInt8(ascii: ":"): if depth == 0 { return }
                default: if depth == 0, byte <= 0x20 { return }
                }
                index += 1
            }
        }
    }
}

/// The parts of the reports that were asked for last: questions about one host's databases read its report once.
final class ReportPartsCache: Sendable {
    private struct State {
        var entries: [(report: Int64, parts: ReportParts)] = []
        var weight = 0
    }

    /// Bytes that it may keep.
    static let limit = 64 << 20
    private let state = Mutex(State())

    func parts(
        of report: Int64, _ read: () throws(ReportError) -> ReportParts
    ) throws(ReportError) -> ReportParts {
        let known = state.withLock { state -> ReportParts? in
            guard let index = state.entries.firstIndex(where: { $0.report == report }) else { return nil }
            let entry = state.entries.remove(at: index)
            state.entries.append(entry)
            return entry.parts
        }
        if let known { return known }
        let parts = try read()
        guard parts.weight <= Self.limit else { return parts }
        state.withLock { state in
            guard !state.entries.contains(where: { $0.report == report }) else { return }
            state.entries.append((report, parts))
            state.weight += parts.weight
            while state.weight > Self.limit { state.weight -= state.entries.removeFirst().parts.weight }
        }
        return parts
    }
}
