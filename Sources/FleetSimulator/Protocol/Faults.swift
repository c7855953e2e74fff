/// How a call goes wrong.
enum Fault: String, CaseIterable, Sendable {
    /// It is not carried out.
    case error, reset
    /// It is carried out, and the answer does not come whole.
    case lost, half
    /// No answer comes within an hour; it is carried out.
    case hang

    var help: String {
        switch self {
        case .error: "status 500, not carried out"
        case .reset: "the connection is closed, not carried out"
        case .lost: "the connection is closed after the call was carried out"
        case .half: "half of the answer comes"
        case .hang: "no answer comes; the call was carried out"
        }
    }
}

/// Which calls go wrong.
struct Faults: Sendable {
    private struct Part: Sendable {
        var fault: Fault
        /// `service:Action`; nil for all.
        var action: String?
        var fraction: Double
    }

    private var parts: [Part] = []

    init(_ texts: [String] = []) throws {
        for text in texts {
            let sides = text.split(separator: "=", maxSplits: 1)
            let names = sides.first?.split(separator: ":", maxSplits: 1) ?? []
            guard sides.count == 2, let name = names.first, let fault = Fault(rawValue: String(name)),
                let fraction = Double(sides[1]), (0...1).contains(fraction)
            else {
                throw SimulatorError(
                    "--fault \(text): write NAME=FRACTION or NAME:service:Action=FRACTION, with a name of "
                        + Fault.allCases.map(\.rawValue).joined(separator: ", "))
            }
            parts.append(Part(fault: fault, action: names.count > 1 ? String(names[1]) : nil, fraction: fraction))
        }
    }

    /// What goes wrong with a call; nil for nothing.
    func draw(_ action: String) -> Fault? {
        for part in parts where part.action == nil || part.action == action {
            if Double.random(in: 0..<1) < part.fraction { return part.fault }
        }
        return nil
    }
}
