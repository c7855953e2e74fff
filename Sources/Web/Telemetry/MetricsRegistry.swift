import Synchronization

/// The metrics of this process, each declared once. Every exporter writes all of them.
public final class MetricsRegistry: Sendable {
    /// What a metric is.
    public struct Definition: Sendable {
        /// How it behaves.
        public enum Kind: Sendable, Equatable {
            case counter
            case gauge
            /// With the upper bounds of its buckets.
            case histogram([Double])

            /// The type's name in Prometheus' text format.
            var name: String {
                switch self {
                case .counter: "counter"
                case .gauge: "gauge"
                case .histogram: "histogram"
                }
            }
        }

        /// What it counts, in the words of CloudWatch.
        public enum Unit: String, Sendable {
            case count = "Count", seconds = "Seconds", bytes = "Bytes", percent = "Percent"
        }

        /// Its name in Prometheus, which ends with its unit.
        public var name: String
        /// One sentence.
        public var help: String
        /// How it behaves.
        public var kind: Kind
        /// What it counts.
        public var unit: Unit
    }

    /// Names and values that tell series of one metric apart.
    public typealias Labels = [(String, String)]

    /// One histogram.
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

    /// One series of a metric.
    enum Series {
        case number(Double)
        case histogram(Histogram)
    }

    struct State {
        var definitions: [Definition] = []
        /// By metric and the text of the labels.
        var series: [String: [String: Series]] = [:]
        /// The labels of each text of labels.
        var labels: [String: Labels] = [:]
        /// What the embedded metrics wrote last: counters go there as differences.
        var embedded: [String: Double] = [:]
    }

    let state = Mutex(State())

    /// A counter: it only grows.
    public func counter(_ name: String, _ help: String, unit: Definition.Unit = .count) -> Counter {
        Counter(self, define(Definition(name: name, help: help, kind: .counter, unit: unit)))
    }

    /// A gauge: it is set before each export.
    public func gauge(_ name: String, _ help: String, unit: Definition.Unit = .count) -> Gauge {
        Gauge(self, define(Definition(name: name, help: help, kind: .gauge, unit: unit)))
    }

    /// A histogram with the upper bounds of its buckets.
    public func histogram(
        _ name: String, _ help: String, unit: Definition.Unit = .count, _ bounds: [Double]
    ) -> HistogramMetric {
        HistogramMetric(self, define(Definition(name: name, help: help, kind: .histogram(bounds), unit: unit)), bounds)
    }

    private func define(_ definition: Definition) -> Definition {
        state.withLock { state in
            precondition(
                !state.definitions.contains { $0.name == definition.name }, "\(definition.name) is there twice")
            state.definitions.append(definition)
        }
        return definition
    }

    fileprivate func change(_ definition: Definition, _ labels: Labels, _ body: (inout Series?) -> Void) {
        let key = Self.text(labels)
        state.withLock { state in
            body(&state.series[definition.name, default: [:]][key])
            if state.labels[key] == nil { state.labels[key] = labels }
        }
    }

    fileprivate func removeSeries(_ definition: Definition) {
        state.withLock { $0.series[definition.name] = nil }
    }

    /// Labels as Prometheus writes them, without the braces.
    static func text(_ labels: Labels) -> String {
        labels.map { name, value in "\(name)=\"\(escaped(value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        // Most values have nothing to escape, and this runs several times a request.
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// A number that only grows.
public struct Counter: Sendable {
    private let registry: MetricsRegistry
    private let definition: MetricsRegistry.Definition

    fileprivate init(_ registry: MetricsRegistry, _ definition: MetricsRegistry.Definition) {
        (self.registry, self.definition) = (registry, definition)
    }

    /// Adds to the series with these labels.
    public func add(_ labels: MetricsRegistry.Labels = [], by amount: Double = 1) {
        registry.change(definition, labels) { series in
            if case .number(let value)? = series { series = .number(value + amount) } else { series = .number(amount) }
        }
    }

    /// Sets a count that is kept elsewhere, such as in the store.
    public func set(_ value: Double, _ labels: MetricsRegistry.Labels = []) {
        registry.change(definition, labels) { $0 = .number(value) }
    }
}

/// A number that is read when it is asked for.
public struct Gauge: Sendable {
    private let registry: MetricsRegistry
    private let definition: MetricsRegistry.Definition

    fileprivate init(_ registry: MetricsRegistry, _ definition: MetricsRegistry.Definition) {
        (self.registry, self.definition) = (registry, definition)
    }

    /// Sets the series with these labels.
    public func set(_ value: Double, _ labels: MetricsRegistry.Labels = []) {
        registry.change(definition, labels) { $0 = .number(value) }
    }

    /// Removes every series: those that are not set again no longer exist.
    public func reset() { registry.removeSeries(definition) }
}

/// How often values fell into each bucket.
public struct HistogramMetric: Sendable {
    private let registry: MetricsRegistry
    private let definition: MetricsRegistry.Definition
    private let bounds: [Double]

    fileprivate init(_ registry: MetricsRegistry, _ definition: MetricsRegistry.Definition, _ bounds: [Double]) {
        (self.registry, self.definition, self.bounds) = (registry, definition, bounds)
    }

    /// Adds a value to the series with these labels.
    public func observe(_ value: Double, _ labels: MetricsRegistry.Labels = []) {
        registry.change(definition, labels) { [bounds] series in
            var histogram = if case .histogram(let known)? = series { known } else { MetricsRegistry.Histogram(bounds) }
            histogram.add(value)
            series = .histogram(histogram)
        }
    }
}
