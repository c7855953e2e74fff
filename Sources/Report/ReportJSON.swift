import FoundationEssentials

extension Report {
    /// How JSON is laid out.
    public enum Layout: Sendable { case pretty, minified }

    /// What writes reports and parts of them: sorted keys, the report's own times.
    public static func encoder(_ layout: Layout) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if layout == .pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Timestamp.format(date))
        }
        return encoder
    }

    /// What reads reports and parts of them: the report's own times.
    public static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = Timestamp.parse(text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
            }
            return date
        }
        return decoder
    }

    /// The report as UTF-8 JSON with sorted keys; the same report always gives the same bytes.
    public func json(_ layout: Layout) throws(ReportError) -> [UInt8] {
        do {
            return Array(try Self.encoder(layout).encode(self))
        } catch {
            throw ReportError(.invalid, "the report cannot be written as JSON: \(error)")
        }
    }

    /// Which parts of a report's databases are read, besides those that the inventory needs: they are most of a report.
    ///
    /// Parts that are not read stay empty, and are not checked.
    public struct Extent: OptionSet, Sendable {
        /// One bit a part.
        public let rawValue: Int
        /// The parts whose bits are set.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// `process`.
        public static let process = Extent(rawValue: 1)
        /// `unix_sockets`.
        public static let unixSockets = Extent(rawValue: 2)
        /// `config_files`.
        public static let configFiles = Extent(rawValue: 4)
        /// `package`.
        public static let package = Extent(rawValue: 8)
        /// `settings`.
        public static let settings = Extent(rawValue: 16)
        /// `evidence`.
        public static let evidence = Extent(rawValue: 32)
        /// The `filesystem` of each data directory.
        public static let filesystems = Extent(rawValue: 64)
        /// None of them.
        public static let outline: Extent = []
        /// All of them.
        public static let whole: Extent = [
            .process, .unixSockets, .configFiles, .package, .settings, .evidence, .filesystems,
        ]
    }

    /// What the reader of `decoder` wants of a report.
    static func extent(_ decoder: any Decoder) -> Extent { decoder.userInfo[extentKey] as? Extent ?? .whole }

    static let extentKey: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "extent") else { preconditionFailure("extent is no key") }
        return key
    }()

    /// Reads one report from UTF-8 JSON of at most `ReportLimits.inflatedBytes`.
    ///
    /// - Throws: `inflatedTooLarge`; `badJSON` with the place; `unknownSchema` for another name or major version;
    ///   `invalid` for a report that parses but breaks its own rules (two databases with one key).
    public static func decode(json bytes: [UInt8], _ extent: Extent = .whole) throws(ReportError) -> Report {
        guard bytes.count <= ReportLimits.inflatedBytes else {
            throw ReportError(.inflatedTooLarge, "more than \(ReportLimits.inflatedBytes) bytes of JSON")
        }
        let decoder = Self.decoder()
        decoder.userInfo[extentKey] = extent
        guard !holdsNUL(bytes) else { throw ReportError(.invalid, "a text contains a NUL character") }
        let data = Data(bytes)
        do {
            let report = try decoder.decode(Report.self, from: data)
            try report.validate()
            return report
        } catch let error as ReportError {
            throw error
        } catch {
            // A report of another schema may well have another form.
            if let schema = try? decoder.decode(Envelope.self, from: data).schema { try check(schema) }
            throw ReportError(.badJSON, (error as? DecodingError)?.place ?? "\(error)")
        }
    }

    /// Whether a text of the JSON holds U+0000, which JSON can have as an escape only; no name or path holds it.
    public static func holdsNUL(_ json: [UInt8]) -> Bool {
        let escape = Array("\\u0000".utf8)
        var start = 0
        while let place = json.firstRange(of: escape, from: start) {
            // An even number of backslashes before it: this one begins an escape.
            let before = json[..<place].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if before.isMultiple(of: 2) { return true }
            start = place + 1
        }
        return false
    }

    private struct Envelope: Decodable { var schema: String }

    private static func check(_ schema: String) throws(ReportError) {
        guard schema == currentSchema else {
            throw ReportError(
                .unknownSchema, "schema is \"\(schema.prefix(80))\", this program reads \"\(currentSchema)\"")
        }
    }

    private func validate() throws(ReportError) {
        try Self.check(schema)
        guard databases.count <= ReportLimits.databases else {
            throw ReportError(.invalid, "\(databases.count) databases in one report")
        }
        var keys = Set<ByteText>()
        for database in databases {
            guard keys.insert(ByteText(database.key)).inserted else {
                throw ReportError(.invalid, "two databases have the key \"\(database.key.prefix(200))\"")
            }
            guard 1...64 ~= database.engine.utf8.count, database.engine.utf8.allSatisfy(Self.isEngineLetter) else {
                throw ReportError(.invalid, "\"\(database.engine.prefix(80))\" is not a valid engine name")
            }
            guard !database.key.isEmpty, !database.key.utf8.contains(0) else {
                throw ReportError(.invalid, "a database's key is empty or contains a NUL character")
            }
            for size in database.dataDirectories.flatMap({ [$0.bytes, $0.allocatedBytes, $0.files] }) {
                guard size ?? 0 >= 0 else {
                    throw ReportError(.invalid, "\"\(database.key.prefix(200))\" has a negative size")
                }
            }
        }
    }
}

extension Report {
    /// What OpenTelemetry's names consist of.
    fileprivate static func isEngineLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// RFC 3339 times in UTC, with milliseconds.
public enum Timestamp {
    private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let whole = Date.ISO8601FormatStyle()

    /// `date` as `2026-11-21T09:08:07.123Z`.
    public static func format(_ date: Date) -> String { fractional.format(rounded(date)) }

    /// The time that `text` names, with or without a fraction; nil when it names none.
    public static func parse(_ text: String) -> Date? {
        guard text.utf8.count <= 40, isOfTheCalendar(text) else { return nil }
        return ((try? fractional.parse(text)) ?? (try? whole.parse(text))).map(rounded)
    }

    /// Whether the day and the time of day exist: Foundation takes the 30th of February for a day in March.
    private static func isOfTheCalendar(_ text: String) -> Bool {
        let numbers = text.prefix(19).split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count == 6, 1...12 ~= numbers[1], 0...23 ~= numbers[3], 0...59 ~= numbers[4], 0...59 ~= numbers[5]
        else { return false }
        let isLeap = numbers[0].isMultiple(of: 4) && (!numbers[0].isMultiple(of: 100) || numbers[0].isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return 1...days[numbers[1] - 1] ~= numbers[2]
    }

    /// `date` on the millisecond, so that writing and reading it gives the same value.
    public static func rounded(_ date: Date) -> Date {
        // The formatter truncates: a microsecond on top keeps .123 from becoming .122.
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000 + 0.000_001)
    }
}

extension DecodingError {
    /// What is wrong and where, in one line.
    fileprivate var place: String {
        func path(_ keys: [any CodingKey]) -> String {
            keys.isEmpty
                ? "top level" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(path(context.codingPath)): no \"\(key.stringValue)\""
        case .valueNotFound(_, let context): return "\(path(context.codingPath)): null where a value is required"
        case .typeMismatch(_, let context), .dataCorrupted(let context):
            return "\(path(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "\(self)"
        }
    }
}
