import Foundation
import Synchronization

extension Metrics {
    /// The same as lines of CloudWatch's embedded metric format, one a set of labels.
    ///
    /// CloudWatch adds up what comes: counters, and the number and the sum of histograms, are what was added since the
    /// last time, and are left out when that is nothing.
    func embedded(_ samples: [Sample], at time: Date) -> [String] {
        var groups: [String: (labels: [(String, String)], values: [String: Double])] = [:]
        func put(_ name: String, _ labels: [(String, String)], _ value: Double) {
            groups[Self.text(labels), default: (labels, [:])].values[name] = value
        }
        for sample in samples { put(sample.definition.name, sample.labels, sample.value) }
        for (name, labels, value) in state.withLock({ Self.additions(&$0) }) { put(name, labels, value) }
        return groups.sorted { $0.key < $1.key }.compactMap { _, group in
            let line = EmbeddedMetrics(
                time: Int(time.timeIntervalSince1970 * 1000), labels: group.labels, values: group.values)
            return (try? JSONEncoder().encode(line)).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// What was added to counters and histograms since the last time.
    private static func additions(_ state: inout State) -> [(name: String, labels: [(String, String)], value: Double)] {
        var sums: [(name: String, key: String, value: Double)] = []
        for (name, values) in state.counters {
            for (key, value) in values { sums.append((name, key, value)) }
        }
        for (name, values) in state.histograms {
            for (key, histogram) in values {
                sums.append((name + "_count", key, Double(histogram.counts.reduce(0, +))))
                sums.append((name + "_sum", key, histogram.sum))
            }
        }
        return sums.compactMap { name, key, value in
            let addition = value - (state.embedded.updateValue(value, forKey: "\(name)\n\(key)") ?? 0)
            return addition == 0 ? nil : (name, state.labels[key] ?? [], addition)
        }
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

    private struct Metric: Encodable {
        var Name: String
        var Unit: String

        init(_ name: String) {
            Name = name
            Unit =
                name.contains("_seconds") && !name.hasSuffix("_count")
                ? "Seconds" : name.contains("bytes") ? "Bytes" : "Count"
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let directive = Directive(
            Dimensions: [labels.map(\.0)], Metrics: values.keys.sorted().map(Metric.init))
        try container.encode(
            Metadata(Timestamp: time, CloudWatchMetrics: [directive]), forKey: Key(stringValue: "_aws"))
        for (name, value) in labels { try container.encode(value, forKey: Key(stringValue: name)) }
        for (name, value) in values { try container.encode(value, forKey: Key(stringValue: name)) }
    }
}
