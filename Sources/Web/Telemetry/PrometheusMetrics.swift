import Synchronization

extension Metrics {
    /// Every metric in Prometheus' text format 0.0.4.
    public var text: String { registry.prometheus() }
}

extension MetricsRegistry {
    /// Every metric in Prometheus' text format 0.0.4.
    func prometheus() -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        for definition in state.definitions {
            lines.append("# HELP \(definition.name) \(definition.help)")
            lines.append("# TYPE \(definition.name) \(definition.kind.name)")
            for (labels, series) in (state.series[definition.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                switch series {
                case .number(let value): lines.append("\(definition.name)\(Self.braces(labels)) \(Self.number(value))")
                case .histogram(let histogram): lines += Self.lines(definition.name, labels, histogram)
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> [String] {
        var lines: [String] = []
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            let all = (labels.isEmpty ? "" : labels + ",") + "le=\"\(bound)\""
            lines.append("\(name)_bucket\(braces(all)) \(total)")
        }
        lines.append("\(name)_sum\(braces(labels)) \(histogram.sum)")
        lines.append("\(name)_count\(braces(labels)) \(total)")
        return lines
    }

    private static func braces(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
