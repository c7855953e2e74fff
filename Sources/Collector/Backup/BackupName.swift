import Foundation
import Report

/// A backup's name has the lineage of its store, and the time at which it was taken, in UTC:
/// `dbcensus-1a2b3c4d-20261130T020000Z.sqlite`.
///
/// Backups of other stores at the same place are never counted and never removed: a store that was made anew must not
/// push out the backups of the one that was lost.
struct BackupName: Sendable, Equatable, Comparable {
    let lineage: String
    let date: Date

    /// - Parameter date: taken to the second.
    init(lineage: String, date: Date) {
        self.lineage = lineage
        self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }

    /// The name of a file or an object; nil for others, which no backup touches.
    init?(_ name: String) {
        let form = /dbcensus-([0-9a-f]{8})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.sqlite/
        guard let parts = name.wholeMatch(of: form)?.output,
            let date = Timestamp.parse("\(parts.2)-\(parts.3)-\(parts.4)T\(parts.5):\(parts.6):\(parts.7)Z")
        else { return nil }
        self.init(lineage: String(parts.1), date: date)
        guard text == name else { return nil }
    }

    /// What every name begins with.
    static let beginning = "dbcensus-"

    var text: String {
        let time = Timestamp.format(date).prefix(19).filter { $0 != "-" && $0 != ":" }
        return "\(Self.beginning)\(lineage)-\(time)Z.sqlite"
    }

    static func < (left: BackupName, right: BackupName) -> Bool { left.date < right.date }
}
