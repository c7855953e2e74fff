import FoundationEssentials
import Inventory
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

    /// The problems of the scan; a listing has none.
    func problems() throws(ReportError) -> [Report.Problem] {
        members["scan"] == nil ? [] : try scan().problems
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
