import Report

extension Report.Database {
    /// About the bytes that its texts take in JSON, where a control character takes six.
    var weight: Int {
        let texts =
            [key, package?.name ?? "", package?.version ?? "", process?.user ?? "", process?.executable ?? ""]
            + [container?.name, container?.image, container?.pod, container?.namespace].compactMap { $0 }
            + listeners.map(\.address) + (process?.arguments ?? []) + unixSockets + configFiles + Array(identity.values)
            + Array(settings.values)
            + dataDirectories.flatMap { [$0.path, $0.hostPath ?? ""] }
            + evidence.flatMap { [$0.field, $0.value, $0.source] }
        return texts.reduce(1024 + 256 * listeners.count) { sum, text in
            text.utf8.reduce(sum + 32) { $0 + ($1 < 0x20 ? 6 : $1 == 0x22 || $1 == 0x5C ? 2 : 1) }
        }
    }

    /// Leaves out the details, so that the report stays within its limit.
    mutating func dropDetails() {
        evidence = []
        unixSockets = []
        configFiles = []
        process?.arguments = []
        settings = [:]
    }
}
