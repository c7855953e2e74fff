/// What happened to a database between two observations of it.
public struct Change: Equatable, Sendable {
    /// The kinds of change.
    public enum Kind: String, CaseIterable, Sendable {
        case appeared, missing, returned
        case versionChanged = "version_changed"
        case vendorChanged = "vendor_changed"
        case moved
        case stateChanged = "state_changed"
        case exposureChanged = "exposure_changed"
        case roleChanged = "role_changed"
    }

    /// What happened.
    public var kind: Kind
    /// The column that changed; nil where the database itself appeared or went missing.
    public var field: String?
    /// The value before.
    public var before: String?
    /// The value after.
    public var after: String?

    /// A change.
    public init(kind: Kind, field: String? = nil, before: String? = nil, after: String? = nil) {
        self.kind = kind
        self.field = field
        self.before = before
        self.after = after
    }

    /// The changes from `before`, nil when the database was not known, to `after`.
    ///
    /// Learning a value that was unknown is no change. A server that stops loses its listeners; that makes no change of
    /// its own.
    public static func between(_ before: DatabaseState?, _ after: DatabaseState) -> [Change] {
        guard let before else {
            return [Change(kind: .appeared, after: after.version.text ?? after.state.text)]
        }
        if before.missing_since.isNull, let since = after.missing_since.text {
            return [Change(kind: .missing, before: before.state.text, after: since)]
        }
        var changes: [Change] = []
        if let since = before.missing_since.text {
            changes.append(Change(kind: .returned, before: since, after: after.state.text))
        }
        for (index, (old, new)) in zip(before.values, after.values).enumerated() where old != new {
            let field = after.columns.fields[index]
            guard let kind = field.observed?.change else { continue }
            if kind == .exposureChanged {
                guard before.state == "running", after.isRunning else { continue }
                changes.append(
                    Change(kind: kind, field: field.name, before: old.text ?? "none", after: new.text ?? "none"))
                continue
            }
            guard !old.isNull, !new.isNull, kind != .versionChanged || !isRefined(before, after) else { continue }
            changes.append(Change(kind: kind, field: field.name, before: old.csv, after: new.csv))
        }
        return changes
    }

    /// "8" and "8.0.36" are one version, known less and more exactly.
    private static func isRefined(_ before: DatabaseState, _ after: DatabaseState) -> Bool {
        func covers(_ major: DatabaseState, _ exact: DatabaseState) -> Bool {
            guard major.version_precision == "major", let short = major.version.text, let long = exact.version.text
            else { return false }
            return long.hasPrefix(short + ".")
        }
        return covers(before, after) || covers(after, before)
    }
}
