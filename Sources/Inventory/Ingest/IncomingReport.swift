import Report

/// One report of a request or a file, on its way to the store.
public struct IncomingReport: Sendable {
    /// What the bytes turned out to be.
    public enum Content: Sendable {
        /// A report, ready to be stored.
        case observation(Observation)
        /// An invalid report, or one that cannot be decoded, with its compressed bytes: a dead letter.
        case rejected(Refusal, packed: [UInt8])
        /// No report at all: there is nothing to keep.
        case unreadable(ReportError)
    }

    /// Where in the input it begins.
    public var byte: Int
    /// Where within JSON.
    public var path: String?
    /// What the bytes turned out to be.
    public var content: Content
    /// What AWS says of its host; nil where the report says it of itself.
    public internal(set) var voucher: Voucher?

    /// Its databases; 0 for what is not ready.
    public var databases: Int {
        if case .observation(let observation) = content { observation.databaseCount } else { 0 }
    }

    /// The hosts that entries name, as far as they can be told before the reports are read.
    public static func hosts(_ entries: some Collection<ReportFile.Entry>, catalog: Catalog = .current)
        -> [HostIdentity]
    {
        entries.compactMap { entry in (try? entry.json.get()).flatMap { ReportDigest($0, catalog) }?.identity }
    }

    /// What entries of the input hold.
    ///
    /// - Parameters:
    ///   - digests: the stored digests of hosts, nil where there is none: a report with an equal one is not decoded.
    public static func all(
        _ entries: some Collection<ReportFile.Entry>, sender: String = Observation.commandLine,
        bounds: Bounds = Bounds(), catalog: Catalog = .current, digests: ([HostIdentity]) throws -> [Int64?]
    ) rethrows -> [IncomingReport] {
        let looked = entries.map { entry in (try? entry.json.get()).flatMap { ReportDigest($0, catalog) } }
        let identities = looked.map { $0?.identity }
        var known = try digests(identities.compactMap { $0 })[...]
        return zip(entries, zip(looked, identities)).map { entry, found in
            let stored = found.1 == nil ? nil : known.popFirst() ?? nil
            var report = IncomingReport(entry, found.0, stored, catalog)
            guard case .observation(var observation) = report.content else { return report }
            observation.sender = sender
            observation.bounds = bounds
            report.content = .observation(observation)
            return report
        }
    }

    /// A report that is refused whatever it says, with its compressed bytes.
    public init(refused refusal: Refusal, packed: [UInt8]) {
        byte = 0
        content = .rejected(refusal, packed: packed)
    }

    private init(_ entry: ReportFile.Entry, _ digest: ReportDigest?, _ stored: Int64?, _ catalog: Catalog) {
        byte = entry.offset
        path = entry.path
        do {
            let json = try entry.json.get()
            let isKnown = stored != nil && stored == digest?.digest
            let head = isKnown ? try digest?.head() : nil
            let report = head == nil ? try entry.report.get() : nil
            let packed = try entry.packed ?? Packed.compress(json)
            do throws(Refusal) {
                if let report {
                    content = .observation(try Observation(report, packed: packed, digest: digest?.digest, catalog))
                } else if let digest, let head {
                    content = .observation(try Observation(unread: digest, head, packed: packed, json: json, catalog))
                } else {
                    content = .unreadable(ReportError(.badJSON, "the report cannot be read"))
                }
            } catch {
                content = .rejected(error, packed: packed)
            }
        } catch let error as ReportError {
            content = Self.rejected(entry, error)
        } catch {
            content = .unreadable(ReportError(.badJSON, "\(error)"))
        }
    }

    /// What claims to be a report and is none stays: as a dead letter, with the reason.
    private static func rejected(_ entry: ReportFile.Entry, _ error: ReportError) -> Content {
        let code: Refusal.Code =
            switch error.code {
            case .invalid: .invalid
            case .unknownSchema: .unknownSchema
            default: .undecodable
            }
        // What is too large to be read is too large to be kept: its sender gets the code of the limit.
        guard error.code != .inflatedTooLarge else { return .unreadable(error) }
        let bytes = try? entry.json.get()
        guard let bytes = bytes ?? entry.raw, let packed = try? Packed.compress(bytes) else {
            return .unreadable(error)
        }
        return .rejected(Refusal(code, error.message), packed: packed)
    }

    /// The result, given what the store says of a report that was ready.
    public func result(_ outcome: IngestOutcome?) -> IngestResult {
        var result = outcome.map { IngestResult(byte: byte, $0) } ?? IngestResult(byte: byte, outcome: "rejected")
        result.place = path
        guard outcome == nil else { return result }
        switch content {
        case .rejected(let refusal, _): (result.code, result.reason) = (refusal.code.rawValue, refusal.message)
        case .unreadable(let error): (result.code, result.reason) = (error.code.rawValue, error.message)
        case .observation: result.reason = "the report did not reach the store"
        }
        return result
    }
}
