import FoundationEssentials
import HostView
import Report

/// What a mongod writes into its log when it starts: every option that was set, whatever file it stood in.
///
/// One line of JSON since 4.4 (src/mongo/util/options_parser, log id 21951):
/// `{"t":{"$date":"…"},…,"id":21951,…,"attr":{"options":{"net":{"port":27017},"storage":{"dbPath":"…"}}}}`.
struct MongoDBLog {
    /// The most bytes of a log's beginning, and of its end, that are looked through.
    static let partLimit = 4 << 20
    private static let mark = Array("\"id\":21951,".utf8)

    private let options: JSONDocument

    /// The options of the last start that `file` tells of, if it was not before `start`, in seconds since 1970.
    static func options(_ file: String, _ root: HostRoot, since start: Int64?, _ host: ScanContext) -> MongoDBLog? {
        guard let status = try? root.status(file), status.kind == .regular else { return nil }
        let end = max(0, status.size - Int64(partLimit))
        for offset in end > 0 ? [end, 0] : [0] {
            do throws(HostError) {
                let bytes = try root.read(file, at: offset, count: partLimit)
                if let found = parse(bytes, since: start) { return found }
            } catch { host.log.add(error.below(root, host.root)) }
        }
        return nil
    }

    /// The last such line in `bytes`.
    static func parse(_ bytes: [UInt8], since start: Int64?) -> MongoDBLog? {
        guard let place = ByteSearch.positions(of: mark, in: bytes).last else { return nil }
        let newline = UInt8(ascii: "\n")
        let begin = bytes[..<place].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = bytes[place...].firstIndex(of: newline) ?? bytes.count
        guard end - begin <= ConfigurationLines.lineLimit, let line = JSONDocument(Array(bytes[begin..<end])),
            let options = line["attr", "options"]
        else { return nil }
        // A log goes on over many runs; the boot's time is known to a second.
        if let start, let time = line.string("t", "$date").flatMap(seconds), time < start - 2 { return nil }
        return MongoDBLog(options: options)
    }

    /// Seconds since 1970 of `2026-11-26T06:30:00.123+02:00`, as the server writes local times.
    static func seconds(_ text: String) -> Int64? {
        let sign: Int64 = text.dropFirst(19).contains("-") ? -1 : 1
        let offset = text.suffix(6).dropFirst().split(separator: ":").compactMap { Int64($0) }
        guard text.utf8.count >= 25, offset.count == 2, offset.allSatisfy({ 0...60 ~= $0 }),
            let local = Timestamp.parse(text.prefix(19) + "Z")
        else { return Timestamp.parse(text).map { Int64($0.timeIntervalSince1970) } }
        return Int64(local.timeIntervalSince1970) - sign * (offset[0] * 3600 + offset[1] * 60)
    }

    /// The option at `path` as text.
    func value(_ path: [String]) -> String? {
        guard let value = options.at(path) else { return nil }
        return value.string() ?? value.integer().map(String.init) ?? value.boolean().map { "\($0)" }
    }
}
