import HostView

extension ServerProcess {
    /// Where a file may be that the command line names.
    ///
    /// A relative path is meant from where the server was started. A daemon leaves that place: its shell's `PWD` stays
    /// in its environment, a systemd unit names a directory, and what the server writes often stands next to what it
    /// reads.
    ///
    /// - Parameter files: files of the server, such as its log.
    func configuration(_ named: String, next files: [String] = [], _ host: ScanContext) -> [Claim] {
        let source = "/proc/\(process.pid)/cmdline"
        guard !named.hasPrefix("/") else { return [Claim(named, source: source)] }
        var places: [Claim] = []
        if let path = environment["PWD"], ValueType.path.fits(path) {
            places.append(Claim(path, source: "/proc/\(process.pid)/environ: PWD"))
        }
        if let workingDirectory { places.append(workingDirectory) }
        for unit in host.serviceUnits where unit.commands.contains(where: { starts($0, with: named) }) {
            places.append(Claim(unit.workingDirectory ?? "/", source: "unit \(unit.name) WorkingDirectory"))
        }
        places += files.map { Claim(Path.parent(of: $0), source: $0) }
        var seen: Set<String> = []
        return places.map { Claim(Path.join($0.value, named), source: $0.source) }.filter { claim in
            seen.insert(claim.value).inserted && root?.exists(claim.value) == true
        }
    }

    private func starts(_ words: [String], with named: String) -> Bool {
        Path.name(of: words[0]) == process.name
            && words.contains { $0 == named || $0.hasSuffix("=" + named) || $0 == "-f" + named }
    }

    /// Says that a configuration file which the command line names was not found.
    func reportNotFound(_ named: String, _ draft: Draft) {
        draft.add(
            .configurationNotFound,
            "its command line names the configuration file \(EvidenceLimits.cut(named)), which was not found: settings may be missing"
        )
    }
}
