import Foundation
import Synchronization

/// Counters and histograms of this process, in the Prometheus text format; `embedded` has CloudWatch's.
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

    struct Histogram {
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

    struct State {
        var counters: [String: [String: Double]] = [:]
        var histograms: [String: [String: Histogram]] = [:]
        /// The labels of each text of labels.
        var labels: [String: [(String, String)]] = [:]
        /// What the embedded metrics said last: counters go there as differences.
        var embedded: [String: Double] = [:]
    }

    let state = Mutex(State())

    /// Adds to a counter.
    func add(_ definition: Definition, _ labels: [(String, String)] = [], by amount: Double = 1) {
        let key = Self.text(labels)
        state.withLock { state in
            state.counters[definition.name, default: [:]][key, default: 0] += amount
            if state.labels[key] == nil { state.labels[key] = labels }
        }
    }

    /// Adds a value, seconds or a number, to a histogram.
    func observe(_ definition: Definition, _ value: Double, _ labels: [(String, String)] = []) {
        let key = Self.text(labels)
        let bounds = definition.name.hasSuffix("seconds") ? Self.buckets : Self.sizes
        state.withLock { state in
            state.histograms[definition.name, default: [:]][key, default: Histogram(bounds)].add(value)
            if state.labels[key] == nil { state.labels[key] = labels }
        }
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

    static func text(_ labels: [(String, String)]) -> String {
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
