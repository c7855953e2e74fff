import Foundation
import Report

/// The reports in a file: frames between other lines, gzip members, JSON texts one after the other, or JSON that
/// `aws ssm get-command-invocation` or `list-command-invocations` printed, with frames in its strings.
enum ReportFile {
    /// The most bytes of one file; a larger one is refused, and can be split.
    static let limit = 256 << 20

    /// One report, or what should have been one, and the byte at which it begins.
    struct Entry {
        var offset: Int
        var report: Result<Report, ReportError>
    }

    /// Everything in `bytes` that is or claims to be a report; never empty.
    static func entries(in bytes: [UInt8]) -> [Entry] {
        let found = bytes.starts(with: [0x1F, 0x8B]) ? gzipEntries(bytes) : textEntries(bytes)
        return found.isEmpty ? [Entry(offset: 0, report: .failure(ReportError(.noReport, "no report in it")))] : found
    }

    /// Gzip members in a row; the offset of an entry is that of its member.
    private static func gzipEntries(_ bytes: [UInt8]) -> [Entry] {
        var entries: [Entry] = []
        var offset = 0
        while offset < bytes.count {
            do throws(ReportError) {
                let member = try Gzip.firstMember(of: bytes[offset...])
                let inner = textEntries(member.bytes)
                entries += inner.map { Entry(offset: offset, report: $0.report) }
                if inner.isEmpty {
                    entries.append(Entry(offset: offset, report: .failure(ReportError(.noReport, "no report in it"))))
                }
                offset += member.consumed
            } catch {
                // Where the next member begins nobody knows once one is broken.
                let reason =
                    offset > 0 && error.code == .badGzip
                    ? ReportError(.trailingBytes, "\(bytes.count - offset) bytes after the gzip data that are none")
                    : error
                return entries + [Entry(offset: offset, report: .failure(reason))]
            }
        }
        return entries
    }

    private static func textEntries(_ bytes: [UInt8]) -> [Entry] {
        let frames = Frame.find(in: bytes).map { frame in
            Entry(
                offset: frame.offset,
                report: frame.gzip.flatMap { gzip in
                    report { () throws(ReportError) in
                        try Report.decode(json: try Gzip.decompress(gzip))
                    }
                })
        }
        let isJSON = bytes.first { $0 > 0x20 }.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? false
        let wholeFrame = frames.contains { (try? $0.report.get()) != nil }
        guard isJSON, !wholeFrame else { return frames }
        let texts = JSONTexts.split(bytes)
        let entries = texts.flatMap { jsonEntries($0) }
        // Log lines may begin with a bracket: then nothing parses, and the frames between them are what counts.
        return frames.isEmpty || entries.contains { (try? $0.report.get()) != nil }
            ? entries : entriesOrFrames(entries, frames)
    }

    private static func entriesOrFrames(_ entries: [Entry], _ frames: [Entry]) -> [Entry] {
        entries.contains { entry in
            if case .failure(let error) = entry.report { return error.code != .badJSON }
            return true
        } ? entries : frames
    }

    private static func jsonEntries(_ text: JSONTexts.Text) -> [Entry] {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.bytes)), !value.isReport else {
            return [
                Entry(
                    offset: text.offset,
                    report: report { () throws(ReportError) in
                        try Report.decode(json: Array(text.bytes))
                    })
            ]
        }
        var strings: [String] = []
        value.collectStrings(into: &strings)
        let found = strings.flatMap { textEntries(Array($0.utf8)) }.map {
            Entry(offset: text.offset, report: $0.report)
        }
        guard found.isEmpty else { return found }
        return [
            Entry(
                offset: text.offset, report: .failure(ReportError(.noReport, "JSON without a report or a frame in it")))
        ]
    }

    private static func report(_ body: () throws(ReportError) -> Report) -> Result<Report, ReportError> {
        do throws(ReportError) { return .success(try body()) } catch { return .failure(error) }
    }
}

/// Any JSON, as far as it takes to find the strings in it.
enum JSONValue: Decodable {
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .array(list)
        } else if let members = try? container.decode([String: JSONValue].self) {
            self = .object(members)
        } else {
            self = .other
        }
    }

    /// A report, or something that calls itself one: it has a schema, or databases.
    var isReport: Bool {
        guard case .object(let members) = self else { return false }
        return members["schema"] != nil || members["databases"] != nil
    }

    /// Strings that hold the beginning of a frame.
    func collectStrings(into strings: inout [String]) {
        switch self {
        case .string(let text): if text.contains("-----BEGIN DBCENSUS REPORT") { strings.append(text) }
        case .array(let list): for item in list { item.collectStrings(into: &strings) }
        case .object(let members):
            for (_, value) in members.sorted(by: { $0.key < $1.key }) { value.collectStrings(into: &strings) }
        case .other: break
        }
    }
}
