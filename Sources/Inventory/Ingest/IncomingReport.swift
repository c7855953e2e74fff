import Report

/// One report of a request or a file, on its way to the store.
public struct IncomingReport: Sendable {
    /// What the bytes turned out to be.
    public enum Content: Sendable {
        /// A report, ready to be stored.
        case observation(Observation)
        /// An invalid report, or one that cannot be decoded, with its bytes as one gzip member: a dead letter.
        case rejected(Refusal, gzip: [UInt8])
        /// No report at all: there is nothing to keep.
        case unreadable(ReportError)
    }

    /// Where in the input it begins.
    public var byte: Int
    /// Where within JSON.
    public var path: String?
    /// What the bytes turned out to be.
    public var content: Content

    /// Its databases; 0 for what is not ready.
    public var databases: Int {
        if case .observation(let observation) = content { observation.databases.count } else { 0 }
    }

    /// What an entry of the input holds.
    public init(
        _ entry: ReportFile.Entry, sender: String = Observation.commandLine, bounds: Bounds = Bounds(),
        catalog: Catalog = .standard
    ) {
        byte = entry.offset
        path = entry.path
        do {
            let report = try entry.report.get()
            let gzip = try entry.gzip ?? Gzip.compress(try entry.json.get())
            do throws(Refusal) {
                var observation = try Observation(report, gzip: gzip, catalog: catalog)
                observation.sender = sender
                observation.bounds = bounds
                content = .observation(observation)
            } catch {
                content = .rejected(error, gzip: gzip)
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
        guard let bytes = bytes ?? entry.raw, let gzip = try? Gzip.compress(bytes) else { return .unreadable(error) }
        return .rejected(Refusal(code, error.message), gzip: gzip)
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
