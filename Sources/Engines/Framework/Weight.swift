import Report

extension Report.Database {
    /// About the bytes that its texts take in JSON, where a control character takes six.
    var weight: Int {
        // In steps: the compiler takes too long over one sum of so many arrays.
        var texts = [key, package?.name ?? "", package?.version ?? "", process?.user ?? "", process?.executable ?? ""]
        texts += [container?.name, container?.image, container?.pod, container?.namespace].compactMap { $0 }
        texts += listeners.map(\.address)
        texts += process?.arguments ?? []
        texts += unixSockets
        texts += configFiles
        texts += identity.values
        texts += settings.values
        for directory in dataDirectories { texts += [directory.path, directory.hostPath ?? ""] }
        for evidence in evidence { texts += [evidence.field, evidence.value, evidence.source] }
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
