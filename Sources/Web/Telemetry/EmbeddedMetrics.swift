import Foundation
import Synchronization

extension Metrics {
    /// Every metric as lines of CloudWatch's embedded metric format, one a set of labels.
    ///
    /// CloudWatch adds up what it gets. Counters, and the number and the sum of histograms, are therefore what was
    /// added since the last call, and are left out when nothing was.
    ///
    /// - Parameter allLabels: whether lines with labels are metrics too. CloudWatch bills each set of labels as one of
    ///   its metrics; without, such a line is text for CloudWatch Logs Insights.
    public func embedded(at time: Date, allLabels: Bool) -> [String] {
        var groups: [String: (labels: MetricsRegistry.Labels, values: [String: EmbeddedMetrics.Value])] = [:]
        for (name, labels, value) in registry.state.withLock({ Self.values(&$0) }) {
            groups[MetricsRegistry.text(labels), default: (labels, [:])].values[name] = value
        }
        return groups.sorted { $0.key < $1.key }.compactMap { _, group in
            let line = EmbeddedMetrics(
                time: Int(time.timeIntervalSince1970 * 1000), labels: group.labels, values: group.values,
                isMetric: allLabels || group.labels.isEmpty)
            return (try? JSONEncoder().encode(line)).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func values(
        _ state: inout MetricsRegistry.State
    ) -> [(name: String, labels: MetricsRegistry.Labels, value: EmbeddedMetrics.Value)] {
        var values: [(name: String, labels: MetricsRegistry.Labels, value: EmbeddedMetrics.Value)] = []
        for definition in state.definitions {
            for (key, series) in state.series[definition.name] ?? [:] {
                let labels = state.labels[key] ?? []
                func put(_ suffix: String, _ value: Double, _ unit: MetricsRegistry.Definition.Unit, grows: Bool) {
                    let name = definition.name + suffix
                    var value = value
                    if grows {
                        value -= state.embedded.updateValue(value, forKey: "\(name)\n\(key)") ?? 0
                        if value == 0 { return }
                    }
                    values.append((name, labels, EmbeddedMetrics.Value(number: value, unit: unit.rawValue)))
                }
                switch series {
                case .number(let number): put("", number, definition.unit, grows: definition.kind == .counter)
                case .histogram(let histogram):
                    put("_count", Double(histogram.counts.reduce(0, +)), .count, grows: true)
                    put("_sum", histogram.sum, definition.unit, grows: true)
                }
            }
        }
        return values
    }
}

/// One line of CloudWatch's embedded metric format: metrics that share their dimensions.
struct EmbeddedMetrics: Encodable {
    struct Value: Sendable {
        var number: Double
        var unit: String
    }

    var time: Int
    var labels: MetricsRegistry.Labels
    var values: [String: Value]
    /// Whether CloudWatch makes metrics of it.
    var isMetric = true

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
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let metrics = values.sorted { $0.key < $1.key }.map { Metric(Name: $0.key, Unit: $0.value.unit) }
        let directive = Directive(Dimensions: [labels.map(\.0)], Metrics: metrics)
        if isMetric {
            try container.encode(
                Metadata(Timestamp: time, CloudWatchMetrics: [directive]), forKey: Key(stringValue: "_aws"))
        } else {
            try container.encode("metrics", forKey: Key(stringValue: "kind"))
        }
        for (name, value) in labels { try container.encode(value, forKey: Key(stringValue: name)) }
        for (name, value) in values { try container.encode(value.number, forKey: Key(stringValue: name)) }
    }
}
