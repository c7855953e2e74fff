/// Which part of the fleet behaves how: fractions from 0 to 1.
struct Shares: Sendable, Equatable {
    /// What `--share` names, and what it does.
    enum Name: String, CaseIterable, Sendable {
        case denied, suspended, expired
        case deniedByPolicy = "denied_by_scp"
        case unmanaged, offline, stopped, windows
        case undeliverable
        case timedOut = "timed_out"
        case terminated, failed, truncated, garbage, hybrid, skewed, hostile

        var help: String {
            switch self {
            case .denied: "accounts whose role cannot be assumed"
            case .suspended: "accounts that are suspended"
            case .expired: "accounts whose first session ends after 20 calls"
            case .deniedByPolicy: "account regions that a service control policy denies"
            case .unmanaged: "instances that SSM does not know"
            case .offline: "instances whose SSM agent lost its connection"
            case .stopped: "instances that are stopped"
            case .windows: "instances that run Windows"
            case .undeliverable: "invocations that end as Undeliverable"
            case .timedOut: "invocations that end as Execution Timed Out"
            case .terminated: "instances that are gone soon after their first command was sent"
            case .failed: "invocations that end with an exit code of the document"
            case .truncated: "invocations whose output is cut in the middle of the frame"
            case .garbage: "invocations that print something else than a frame"
            case .hybrid: "machines outside EC2 that SSM manages"
            case .skewed: "hosts whose clock is a year behind"
            case .hostile: "hosts that print the report of another instance, and write it over the S3 outputs of others"
            }
        }
    }

    private var values: [Name: Double] = [:]

    subscript(name: Name) -> Double {
        get { values[name] ?? 0 }
        set { values[name] = newValue }
    }

    /// A fleet as it is met: most answer, each trouble is there.
    static var mixed: Shares {
        var shares = Shares()
        for name in Name.allCases { shares[name] = 0.01 }
        shares[.unmanaged] = 0.08
        shares[.offline] = 0.03
        shares[.stopped] = 0.05
        shares[.windows] = 0.05
        shares[.denied] = 0.05
        shares[.hostile] = 0
        return shares
    }
}

/// How many databases hosts have: numbers with weights.
struct DatabaseCounts: Sendable, Equatable {
    var weights: [(count: Int, weight: Double)]

    static let typical = DatabaseCounts(weights: [(0, 0.45), (1, 0.4), (3, 0.12), (30, 0.025), (300, 0.005)])

    func draw(_ draw: Draw) -> Int {
        var left = draw.fraction * weights.reduce(0) { $0 + $1.weight }
        for (count, weight) in weights {
            left -= weight
            if left < 0 { return count }
        }
        return weights.last?.count ?? 0
    }

    static func == (left: Self, right: Self) -> Bool {
        left.weights.elementsEqual(right.weights) { $0.count == $1.count && $0.weight == $1.weight }
    }
}
