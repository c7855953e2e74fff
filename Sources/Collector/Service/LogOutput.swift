import Foundation
import Logging
import Report
import Terminal
import Web

/// Writes log lines to standard error: text for people, JSON for machines.
struct LogOutput: LogHandler {
    /// Its own level; without one that of the configuration, which may change.
    private var ownLevel: Logger.Level?
    private let live: LiveConfiguration
    var metadata: Logger.Metadata = [:]
    /// One JSON object a line instead of text.
    let isJSON: Bool

    /// A logger for a configuration; `auto` is text on a terminal and JSON otherwise.
    static func logger(_ live: LiveConfiguration) -> Logger {
        let format = live.value.log.format
        let isJSON = format == .json || (format == .auto && isatty(STDERR_FILENO) == 0)
        return Logger(label: "dbcensus") { _ in LogOutput(live: live, isJSON: isJSON) }
    }

    private init(live: LiveConfiguration, isJSON: Bool) {
        self.live = live
        self.isJSON = isJSON
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? live.value.log.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { all["error"] = "\(error)" }
        let time = Timestamp.format(Date())
        Self.write(isJSON ? Self.json(event, all, time) : Self.text(event, all, time))
    }

    static func text(_ event: LogEvent, _ metadata: Logger.Metadata, _ time: String) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
        let level = event.level.rawValue.uppercased()
        let line = "\(time) \(level)\(String(repeating: " ", count: max(1, 9 - level.count)))\(event.message)\(pairs)"
        return PlainText.neutralised(line)
    }

    /// A value with blanks or signs of its own in quotes, so that it is not taken for further fields.
    private static func quoted(_ value: String) -> String {
        let isPlain =
            !value.isEmpty
            && !value.unicodeScalars.contains { $0.properties.isWhitespace || "\"=\\".unicodeScalars.contains($0) }
        if isPlain { return value }
        return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    static func json(_ event: LogEvent, _ metadata: Logger.Metadata, _ time: String) -> String {
        var members: [String: JSON] = [
            "time": .text(time), "level": .text(event.level.rawValue), "message": .text("\(event.message)"),
        ]
        for (key, value) in metadata where members[key] == nil {
            // Numbers can be compared by whoever reads the log.
            switch value {
            case .stringConvertible(let number as Int): members[key] = .number(number)
            case .stringConvertible(let number as Double): members[key] = .decimal(number)
            default: members[key] = .text("\(value)")
            }
        }
        guard let json = try? Report.encoder(.minified).encode(members) else { return "{}" }
        return String(decoding: PlainText.escapedJSON(Array(json)), as: UTF8.self)
    }

    /// One write a line, so that lines of several threads do not mix.
    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
