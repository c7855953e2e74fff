import Foundation
import Synchronization

/// Counters and histograms of this process, in the Prometheus text format and in CloudWatch's embedded one.
final class Metrics: Sendable {
    /// What a metric is, for `# HELP` and `# TYPE`.
    struct Definition: Sendable {
        var name: String
        var help: String
        var type: String

        static let reports = Definition(
            name: "dbcensus_reports_total", help: "Reports received, by what became of them.", type: "counter")
        static let requests = Definition(
            name: "dbcensus_http_requests_total", help: "Requests answered, by route, method and status.",
            type: "counter")
        static let requestSeconds = Definition(
            name: "dbcensus_http_request_duration_seconds", help: "Time to answer a request, by route.",
            type: "histogram")
        static let commitSeconds = Definition(
            name: "dbcensus_commit_duration_seconds", help: "Time to store a batch of reports durably.",
            type: "histogram")
        static let batchReports = Definition(
            name: "dbcensus_batch_reports", help: "Reports that one commit made durable.", type: "histogram")
        static let refusals = Definition(
            name: "dbcensus_access_refusals_total", help: "Requests refused before they were answered, by reason.",
            type: "counter")
        static let auditDropped = Definition(
            name: "dbcensus_audit_dropped_total", help: "Lines of the audit log that could not be written.",
            type: "counter")
    }

    /// One value of a metric, read when it is asked for.
    struct Sample: Sendable {
        var definition: Definition
        var labels: [(String, String)] = []
        var value: Double
    }

    private static let buckets: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    private struct Histogram {
        var bounds: [Double]
        var counts: [UInt64]
        var sum = 0.0

        init(_ bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count + 1)
        }

        mutating func add(_ value: Double) {
            counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
            sum += value
        }
    }

    private struct State {
        var counters: [String: [String: Double]] = [:]
        var histograms: [String: [String: Histogram]] = [:]
    }

    private let state = Mutex(State())

    /// Adds to a counter.
    func add(_ definition: Definition, _ labels: [(String, String)] = [], by amount: Double = 1) {
        let key = Self.text(labels)
        state.withLock { $0.counters[definition.name, default: [:]][key, default: 0] += amount }
    }

    /// Adds a value, seconds or a number, to a histogram.
    func observe(_ definition: Definition, _ value: Double, _ labels: [(String, String)] = []) {
        let key = Self.text(labels)
        let bounds = definition.name.hasSuffix("seconds") ? Self.buckets : Self.sizes
        state.withLock { $0.histograms[definition.name, default: [:]][key, default: Histogram(bounds)].add(value) }
    }

    /// Everything, with `samples`, in the text format 0.0.4.
    func prometheus(_ samples: [Sample]) -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        func head(_ definition: Definition) {
            lines.append("# HELP \(definition.name) \(definition.help)")
            lines.append("# TYPE \(definition.name) \(definition.type)")
        }
        var last = ""
        for sample in samples {
            if sample.definition.name != last { head(sample.definition) }
            last = sample.definition.name
            lines.append("\(last)\(Self.braces(Self.text(sample.labels))) \(Self.number(sample.value))")
        }
        for definition in [Definition.reports, .requests, .refusals, .auditDropped] {
            head(definition)
            for (labels, value) in (state.counters[definition.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("\(definition.name)\(Self.braces(labels)) \(Self.number(value))")
            }
        }
        for definition in [Definition.requestSeconds, .commitSeconds, .batchReports] {
            head(definition)
            for (labels, histogram) in (state.histograms[definition.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                var total: UInt64 = 0
                for (index, count) in histogram.counts.enumerated() {
                    total += count
                    let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
                    let all = (labels.isEmpty ? "" : labels + ",") + "le=\"\(bound)\""
                    lines.append("\(definition.name)_bucket\(Self.braces(all)) \(total)")
                }
                lines.append("\(definition.name)_sum\(Self.braces(labels)) \(histogram.sum)")
                lines.append("\(definition.name)_count\(Self.braces(labels)) \(total)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Counters and `samples` as lines of CloudWatch's embedded metric format, one a set of labels.
    func embedded(_ samples: [Sample], at time: Date) -> [String] {
        var groups: [String: (labels: [(String, String)], values: [String: Double])] = [:]
        func put(_ name: String, _ labels: [(String, String)], _ value: Double) {
            groups[Self.text(labels), default: (labels, [:])].values[name] = value
        }
        for sample in samples { put(sample.definition.name, sample.labels, sample.value) }
        let counters = state.withLock { $0.counters }
        for (outcome, value) in counters[Definition.reports.name] ?? [:] {
            put(
                Definition.reports.name, [("outcome", outcome.split(separator: "\"").last.map(String.init) ?? "")],
                value)
        }
        return groups.sorted { $0.key < $1.key }.compactMap { _, group in
            let line = EmbeddedMetrics(
                time: Int(time.timeIntervalSince1970 * 1000), labels: group.labels, values: group.values)
            return (try? JSONEncoder().encode(line)).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func text(_ labels: [(String, String)]) -> String {
        labels.map { name, value in "\(name)=\"\(escaped(value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        // Most values have nothing to escape, and this is done several times a request.
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func braces(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}

/// One line of CloudWatch's embedded metric format: metrics that share their dimensions.
private struct EmbeddedMetrics: Encodable {
    var time: Int
    var labels: [(String, String)]
    var values: [String: Double]

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Metadata: Encodable {
        var Timestamp: Int
        var CloudWatchMetrics: [Directive]
    }

    private struct Directive: Encodable {
        var Namespace = "dbcensus"
        var Dimensions: [[String]]
        var Metrics: [Metric]
    }

    private struct Metric: Encodable { var Name: String }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let directive = Directive(
            Dimensions: [labels.map(\.0)], Metrics: values.keys.sorted().map { Metric(Name: $0) })
        try container.encode(
            Metadata(Timestamp: time, CloudWatchMetrics: [directive]), forKey: Key(stringValue: "_aws"))
        for (name, value) in labels { try container.encode(value, forKey: Key(stringValue: name)) }
        for (name, value) in values { try container.encode(value, forKey: Key(stringValue: name)) }
    }
}
