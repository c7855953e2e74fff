import Foundation
import Report

/// A backup's name has the time at which it was taken, in UTC: `dbcensus-20261130T020000Z.sqlite`.
struct BackupName: Sendable, Equatable, Comparable {
    let date: Date

    /// - Parameter date: taken to the second.
    init(date: Date) { self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)) }

    /// The name of a file or an object; nil for others, which no backup touches.
    init?(_ name: String) {
        guard let parts = name.wholeMatch(of: /dbcensus-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.sqlite/)?.output,
            let date = Timestamp.parse("\(parts.1)-\(parts.2)-\(parts.3)T\(parts.4):\(parts.5):\(parts.6)Z"),
            BackupName(date: date).text == name
        else { return nil }
        self.init(date: date)
    }

    var text: String { "dbcensus-\(Timestamp.format(date).prefix(19).filter { $0 != "-" && $0 != ":" })Z.sqlite" }

    static func < (left: BackupName, right: BackupName) -> Bool { left.date < right.date }
}
