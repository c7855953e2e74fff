import HostView
import Report

/// The databases of one scan as they are found, within what a report takes.
struct Findings {
    /// Those that are kept.
    private(set) var all: [Finding] = []
    private let host: Host
    private var keys: Set<String> = []
    private var weight = 0
    private var weightByUser: [UInt32: Int] = [:]

    init(_ host: Host) { self.host = host }

    /// Keeps a finding, with a key of its own and with as many details as there is room for; nil when there is none.
    mutating func add(_ finding: Finding) -> Finding? {
        defer { host.log.settle(nil) }
        var finding = finding
        let uid = finding.uid
        return host.log.concerning(uid) {
            guard all.count < Inspector.limit else {
                host.log.concerning(nil) {
                    host.log.add(
                        .reportLimit, "scan", "more than \(Inspector.limit) databases; the rest is left out")
                }
                return nil
            }
            // A configuration may name a path with a NUL in it, which no path has and no reader takes.
            finding.database.key = finding.database.key.split(separator: "\0", omittingEmptySubsequences: false).joined(
                separator: "?")
            guard fit(&finding, uid) else { return nil }
            finding.database.key = uniqueKey(finding)
            keys.insert(finding.database.key)
            host.log.settle(finding.database.key)
            all.append(finding)
            return finding
        }
    }

    /// Leaves details out where the report, or the part of it that one user's databases may take, grows too large.
    private mutating func fit(_ finding: inout Finding, _ uid: UInt32?) -> Bool {
        let key = finding.database.key
        if finding.database.evidence.count >= EvidenceLimits.notes {
            host.log.add(
                .reportLimit, key, "only \(EvidenceLimits.notes) notes of evidence are kept", partial: false)
        }
        let user = uid.flatMap { $0 == 0 ? nil : Report.Scan.userGroup(of: $0) }
        func isBeyond(_ times: Int) -> (user: Bool, report: Bool) {
            let own = finding.database.weight
            let isUsers = user.map { weightByUser[$0, default: 0] + own > times * Inspector.userBytesOfReport } ?? false
            return (isUsers, weight + own > times * Inspector.reportBytes)
        }
        let shed = isBeyond(1)
        if shed.user || shed.report {
            finding.database.shed()
            host.log.add(
                .reportLimit, key, "the report grows too large: evidence and details are left out")
        }
        let drop = isBeyond(2)
        guard !drop.user, !drop.report else {
            host.log.concerning(drop.user ? uid : nil) {
                host.log.add(.reportLimit, key, "the report is too large for it")
            }
            return false
        }
        weight += finding.database.weight
        if let user { weightByUser[user, default: 0] += finding.database.weight }
        return true
    }

    /// A key that no other finding has. Two servers in one data directory are both shown, and the conflict is reported.
    private func uniqueKey(_ finding: Finding) -> String {
        let key = finding.database.key
        guard keys.contains(key) else { return key }
        let rivals = all.filter { $0.directories.first == finding.directories.first && !$0.directories.isEmpty }
        if !rivals.isEmpty {
            let pids = (rivals + [finding]).compactMap { $0.database.process.map { "\($0.pid)" } }
            host.log.add(
                .dataDirectoryConflict, key,
                "several servers claim this data directory: pids \(pids.joined(separator: ", "))")
        }
        var number = 2
        while keys.contains("\(key)#\(number)") { number += 1 }
        return "\(key)#\(number)"
    }
}
