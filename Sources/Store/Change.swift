/// What happened to a database between two reports of its host.
struct Change: Equatable {
    /// The kinds of change.
    enum Kind: String, CaseIterable {
        case appeared, missing, returned
        case versionChanged = "version_changed"
        case vendorChanged = "vendor_changed"
        case moved
        case stateChanged = "state_changed"
        case exposureChanged = "exposure_changed"
        case roleChanged = "role_changed"
    }

    var kind: Kind
    /// The column that changed; nil where the database itself came or went.
    var field: String?
    var before: String?
    var after: String?

    /// What leads from `before`, nil when the database was not known, to `after`.
    ///
    /// Learning what was unknown is no change, and a server that stops takes its listeners along without a word of their own.
    static func between(_ before: DatabaseState?, _ after: DatabaseState) -> [Change] {
        guard let before else { return [Change(kind: .appeared, after: after.version ?? after.state)] }
        if before.missingSince == nil, let since = after.missingSince {
            return [Change(kind: .missing, before: before.state, after: since)]
        }
        var changes: [Change] = []
        if let since = before.missingSince {
            changes.append(Change(kind: .returned, before: since, after: after.state))
        }
        if before.state != after.state {
            changes.append(.init(kind: .stateChanged, field: "state", before: before.state, after: after.state))
        }
        if let old = before.version, let new = after.version, old != new, !isRefined(before, after) {
            changes.append(.init(kind: .versionChanged, field: "version", before: old, after: new))
        }
        func compare(_ kind: Kind, _ field: String, _ old: String?, _ new: String?) {
            guard let old, let new, old != new else { return }
            changes.append(.init(kind: kind, field: field, before: old, after: new))
        }
        compare(.vendorChanged, "vendor", before.vendor, after.vendor)
        compare(.moved, "data_directory", before.dataDirectory, after.dataDirectory)
        compare(.moved, "port", before.port.map(String.init), after.port.map(String.init))
        if before.state == "running", after.isRunning, before.exposure != after.exposure {
            let change = Change(
                kind: .exposureChanged, field: "exposure", before: before.exposure ?? "none",
                after: after.exposure ?? "none")
            changes.append(change)
        }
        compare(.roleChanged, "role", before.role, after.role)
        return changes
    }

    /// "8" and "8.0.36" are one version, known less and more exactly.
    private static func isRefined(_ before: DatabaseState, _ after: DatabaseState) -> Bool {
        func covers(_ major: DatabaseState, _ exact: DatabaseState) -> Bool {
            guard major.versionPrecision == "major", let short = major.version, let long = exact.version else {
                return false
            }
            return long.hasPrefix(short + ".")
        }
        return covers(before, after) || covers(after, before)
    }
}
