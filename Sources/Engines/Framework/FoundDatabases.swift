import HostView
import Report

/// The databases of one scan as they are found, within what a report takes.
struct FoundDatabases {
    /// Those that are kept.
    private(set) var all: [FoundDatabase] = []
    private let host: ScanContext
    private var keys: Set<String> = []
    private var weight = 0
    private var weightByUser: [UInt32: Int] = [:]

    init(_ host: ScanContext) { self.host = host }

    /// Keeps a database, with a unique key and as many details as fit into the report; nil when it does not fit.
    mutating func add(_ found: FoundDatabase) -> FoundDatabase? {
        var found = found
        let uid = found.uid
        return host.log.concerning(uid) {
            guard all.count < Inspector.limit else {
                host.log.concerning(nil) {
                    host.log.add(
                        .reportLimit, "scan", "more than \(Inspector.limit) databases; the rest are left out")
                }
                return nil
            }
            // A configuration may name a path with a NUL in it, which no path has and no reader takes.
            found.database.key = found.database.key.split(separator: "\0", omittingEmptySubsequences: false).joined(
                separator: "?")
            guard fit(&found, uid) else { return nil }
            found.database.key = uniqueKey(found)
            keys.insert(found.database.key)
            host.log.add(found.problems, of: found.database.key)
            all.append(found)
            return found
        }
    }

    /// Leaves details out where the report, or the part of it that one user's databases may take, grows too large.
    private mutating func fit(_ found: inout FoundDatabase, _ uid: UInt32?) -> Bool {
        let key = found.database.key
        if found.database.evidence.count >= EvidenceLimits.notes {
            host.log.add(
                .reportLimit, key, "only the first \(EvidenceLimits.notes) pieces of evidence are reported",
                partial: false)
        }
        let user = uid.flatMap { $0 == 0 ? nil : Report.Scan.userGroup(of: $0) }
        func isBeyond(_ times: Int) -> (user: Bool, report: Bool) {
            let own = found.database.weight
            let isUsers = user.map { weightByUser[$0, default: 0] + own > times * Inspector.userBytesOfReport } ?? false
            return (isUsers, weight + own > times * Inspector.reportBytes)
        }
        let shed = isBeyond(1)
        if shed.user || shed.report {
            found.database.dropDetails()
            host.log.add(
                .reportLimit, key, "the report reached its size limit: evidence and details are left out")
        }
        let drop = isBeyond(2)
        guard !drop.user, !drop.report else {
            host.log.concerning(drop.user ? uid : nil) {
                host.log.add(.reportLimit, key, "the report reached its size limit: this database is left out")
            }
            return false
        }
        weight += found.database.weight
        if let user { weightByUser[user, default: 0] += found.database.weight }
        return true
    }

    /// A key that no other database of the report has. Two servers in one data directory are both shown, and the
    /// conflict is reported.
    private func uniqueKey(_ found: FoundDatabase) -> String {
        let key = found.database.key
        guard keys.contains(key) else { return key }
        let rivals = all.filter { $0.directories.first == found.directories.first && !$0.directories.isEmpty }
        if !rivals.isEmpty {
            let pids = (rivals + [found]).compactMap { $0.database.process.map { "\($0.pid)" } }
            host.log.add(
                .dataDirectoryConflict, key,
                "several servers use this data directory: pids \(pids.joined(separator: ", "))")
        }
        var number = 2
        while keys.contains("\(key)#\(number)") { number += 1 }
        return "\(key)#\(number)"
    }
}
