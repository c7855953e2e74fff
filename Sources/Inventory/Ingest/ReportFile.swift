import FoundationEssentials
import Report

/// The reports in a file: frames between other lines, gzip members, JSON texts one after the other, or JSON that
/// `aws ssm get-command-invocation` or `list-command-invocations` printed, with frames in its strings.
public enum ReportFile {
    /// The most bytes of one file, and of what its gzip members inflate to; a larger one is refused, and can be split.
    public static let limit = 256 << 20

    /// One report, or what should have been one.
    public struct Entry: Sendable {
        /// The byte at which it begins; within JSON and gzip, the byte at which that begins.
        public var offset: Int
        /// Where within JSON, such as `CommandInvocations.3.CommandPlugins.0.Output`.
        public var path: String?
        /// The report's JSON, word for word, or why there is none.
        public var json: Result<[UInt8], ReportError>
        /// The compressed bytes that held exactly that JSON, where it came in such: see `Packed`.
        public var packed: [UInt8]?
        /// The parts of it that are wanted.
        var extent = Catalog.current.extent
        /// The bytes of something that claims to be a report and cannot be read.
        var raw: [UInt8]?

        init(
            offset: Int, path: String? = nil, json: Result<[UInt8], ReportError>, packed: [UInt8]? = nil,
            raw: [UInt8]? = nil
        ) {
            (self.offset, self.path, self.json, self.packed, self.raw) = (offset, path, json, packed, raw)
        }

        /// The report in the compressed bytes of a store or a spool: see `Packed`.
        public init(packed: [UInt8], extent: Report.Extent = Catalog.current.extent) {
            offset = 0
            self.extent = extent
            self.packed = packed
            do throws(ReportError) {
                json = .success(try Packed.decompress(packed, compressedLimit: .max, limit: ReportFile.limit))
            } catch { json = .failure(error) }
        }

        /// Bytes of its JSON.
        public var bytes: Int { (try? json.get().count) ?? 0 }

        /// The report, as far as it was wanted, or why there is none.
        public var report: Result<Report, ReportError> { json.flatMap { ReportFile.decode($0, extent) } }
    }

    fileprivate static func decode(_ json: [UInt8], _ extent: Report.Extent) -> Result<Report, ReportError> {
        do throws(ReportError) { return .success(try Report.decode(json: json, extent)) } catch {
            return .failure(error)
        }
    }

    /// Everything in `bytes` that is or claims to be a report; never empty.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that gzip members inflate to, together.
    ///   - frames: the most bytes that frames inflate to, together.
    ///   - each: the most bytes of JSON of one report.
    ///   - most: the most reports; with more there is one entry, with the code `tooMany`.
    ///   - values: the most values of JSON that is no report.
    ///   - extent: the parts of each report that are wanted.
    public static func entries(
        in bytes: [UInt8], limit: Int = limit, frames: Int = .max, each: Int = ReportLimits.inflatedBytes,
        most: Int = .max, values: Int = 2_000_000, extent: Report.Extent = Catalog.current.extent
    ) -> [Entry] {
        var reading = Reading(left: limit, framesLeft: frames, each: each, most: most, values: values)
        var found = bytes.starts(with: [0x1F, 0x8B]) ? reading.gzipEntries(bytes) : reading.textEntries(bytes)
        if found.count > most { return [failure(0, .tooMany, "more than \(most) reports: send less at once")] }
        for index in found.indices { found[index].extent = extent }
        return found.isEmpty ? [failure(0, .noReport, "no report in it")] : found
    }

    fileprivate static func failure(
        _ offset: Int, _ code: ReportError.Code, _ message: String, raw: ArraySlice<UInt8>? = nil
    ) -> Entry {
        Entry(offset: offset, json: .failure(ReportError(code, message)), raw: raw.flatMap(claimed))
    }

    /// The bytes of something that names the schema of a report; nil for anything else, and for more than 1 MiB.
    fileprivate static func claimed(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let bytes = Array(bytes.prefix(rawLimit + 1))
        let isReport = bytes.firstRange(of: Array("dbcensus.report/".utf8), from: 0) != nil
        return isReport && bytes.count <= rawLimit ? bytes : nil
    }

    /// The most bytes of an unreadable report that are kept.
    private static let rawLimit = 1 << 20
}

/// How far the reading of an input has come within its limits.
private struct Reading {
    /// Bytes that gzip members may still inflate to.
    var left: Int
    /// Bytes that frames may still inflate to.
    var framesLeft: Int
    /// The most bytes of JSON of one report.
    let each: Int
    /// The most reports.
    let most: Int
    /// The most values of JSON that is no report.
    let values: Int

    private typealias Entry = ReportFile.Entry

    init(left: Int, framesLeft: Int, each: Int, most: Int, values: Int) {
        self.left = left
        self.framesLeft = framesLeft
        self.each = each
        self.most = most
        self.values = values
    }

    private func failure(
        _ offset: Int, _ code: ReportError.Code, _ message: String, raw: ArraySlice<UInt8>? = nil
    ) -> ReportFile.Entry {
        ReportFile.failure(offset, code, message, raw: raw)
    }

    /// Whether `json` is one JSON object that calls itself a report, and is no larger than one may be.
    private func isReport(_ json: [UInt8]) -> Bool {
        guard json.count <= each, JSONSyntax.isValid(json) else { return false }
        var names: Set<String> = []
        var scanner = JSONScanner(json)
        scanner.object { name, _ in names.insert(name) }
        return names.contains("schema") || names.contains("databases")
    }

    /// Gzip members in a row. A member may hold a whole log: its reports keep the limits of a report, the member those
    /// of a file.
    mutating func gzipEntries(_ bytes: [UInt8]) -> [ReportFile.Entry] {
        var entries: [Entry] = []
        var offset = 0
        while offset < bytes.count, entries.count <= most {
            do throws(ReportError) {
                let member = try Gzip.firstMember(of: bytes[offset...], compressedLimit: .max, inflatedLimit: left)
                left -= member.bytes.count
                let packed = Array(bytes[offset..<offset + member.consumed])
                if isReport(member.bytes) {
                    entries.append(Entry(offset: offset, json: .success(member.bytes), packed: packed))
                    offset += member.consumed
                    continue
                }
                let inner = textEntries(member.bytes)
                entries += inner.map { entry in
                    var entry = entry
                    entry.offset = offset
                    return entry
                }
                if inner.isEmpty { entries.append(failure(offset, .noReport, "no report in it")) }
                offset += member.consumed
            } catch {
                // A broken member hides where the next one begins.
                guard offset > 0, error.code == .badGzip else {
                    return entries + [Entry(offset: offset, json: .failure(error))]
                }
                let rest = "\(bytes.count - offset) bytes after the gzip data are not gzip"
                return entries + [failure(offset, .trailingBytes, rest)]
            }
        }
        return entries
    }

    /// JSON texts that parse, and frames outside them. Lines that are neither are noise, unless nothing else is there.
    mutating func textEntries(_ bytes: [UInt8]) -> [ReportFile.Entry] {
        let frames = Frame.find(in: bytes, limit: most == .max ? .max : most + 1)
        var entries: [Entry] = []
        var covered: [Range<Int>] = []
        let mayBeJSON = bytes.first { $0 > 0x20 }.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? false
        let split = mayBeJSON ? JSONTexts.split(bytes, most: most) : reportLines(bytes)
        guard split.count <= most else { return split.map { failure($0.offset, .tooMany, "") } }
        var reports: Set<Int> = []
        func isJSON(_ text: JSONTexts.Text) -> Bool {
            guard isReport(Array(text.bytes)) else { return JSONValue(text.bytes, most: values) != nil }
            reports.insert(text.offset)
            return true
        }
        for text in split.flatMap({ isJSON($0) ? [$0] : JSONTexts.resplit($0) }) {
            let found =
                reports.contains(text.offset)
                ? [Entry(offset: text.offset, json: .success(Array(text.bytes)))] : jsonEntries(text)
            let isNoise = found.contains { $0.isNoise } && !frames.isEmpty
            if isNoise { continue }
            entries += found
            covered.append(text.offset..<text.offset + text.bytes.count)
        }
        var next = covered[...]
        for frame in frames {
            while let range = next.first, range.upperBound <= frame.offset { next.removeFirst() }
            if next.first?.contains(frame.offset) == true { continue }
            entries.append(entry(frame, at: frame.offset, in: bytes))
        }
        return entries.sorted { $0.offset < $1.offset }
    }

    /// Among other lines: those that begin with a brace and name the schema.
    private func reportLines(_ bytes: [UInt8]) -> [JSONTexts.Text] {
        let name = Array("\"dbcensus.report/".utf8)
        guard bytes.firstRange(of: name, from: 0) != nil else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).filter { line in
            line.first == UInt8(ascii: "{") && Array(line).firstRange(of: name, from: 0) != nil
        }.map { JSONTexts.Text(offset: $0.startIndex, bytes: $0) }
    }

    /// The report in a frame. The text of a broken frame is kept.
    private mutating func entry(_ frame: Frame.Found, at offset: Int, in text: [UInt8]) -> Entry {
        var entry = Entry(offset: offset, json: inflate(frame.packed), packed: try? frame.packed.get())
        if case .failure = entry.json, frame.range.count <= ReportLimits.compressedBytes * 2 {
            entry.raw = Array(text[frame.range])
        }
        return entry
    }

    private mutating func inflate(_ packed: Result<[UInt8], ReportError>) -> Result<[UInt8], ReportError> {
        do throws(ReportError) {
            let json = try Packed.decompress(try packed.get(), limit: min(framesLeft, each))
            framesLeft -= json.count
            return .success(json)
        } catch { return .failure(error) }
    }

    private mutating func jsonEntries(_ text: JSONTexts.Text) -> [Entry] {
        guard let value = JSONValue(text.bytes, most: values) else {
            let message = "not valid JSON, or no report and more than \(values) values"
            return [failure(text.offset, .badJSON, message, raw: text.bytes)]
        }
        if value.isReport {
            let isLarge = text.bytes.count > each
            return [
                isLarge
                    ? failure(text.offset, .inflatedTooLarge, "more than \(each) bytes of JSON in one report")
                    : Entry(offset: text.offset, json: .success(Array(text.bytes)))
            ]
        }
        var entries: [Entry] = []
        for (path, string) in value.framedStrings() {
            let bytes = Array(string.utf8)
            for frame in Frame.find(in: bytes) {
                var found = entry(frame, at: text.offset, in: bytes)
                found.path = path
                entries.append(found)
            }
        }
        guard entries.isEmpty else { return entries }
        return [failure(text.offset, .noReport, "JSON without a report or a frame in it")]
    }
}

extension ReportFile.Entry {
    /// No JSON, or JSON that says nothing of a report.
    fileprivate var isNoise: Bool {
        guard case .failure(let error) = json else { return false }
        return raw == nil && (error.code == .badJSON || error.code == .noReport)
    }
}
