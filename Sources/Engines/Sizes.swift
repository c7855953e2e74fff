import HostView
import Report

/// Measures the data directories of a report, smallest surprise first: each tree for itself, until the deadline.
public enum Sizes {
    /// Measures every directory of `finding` that has a root to look below.
    public static func measure(_ finding: inout Finding, _ host: Host) {
        guard let root = finding.root else { return }
        for index in finding.database.dataDirectories.indices {
            let path = finding.database.dataDirectories[index].path
            guard !host.deadline.hasPassed else {
                host.log.add(.deadline, path, "the deadline came before the directory was measured")
                continue
            }
            do throws(HostError) {
                let size = try DirectorySize.measure(path, in: root, deadline: host.deadline)
                finding.database.dataDirectories[index].bytes = size.bytes
                finding.database.dataDirectories[index].allocatedBytes = size.allocatedBytes
                finding.database.dataDirectories[index].files = size.files
                finding.database.dataDirectories[index].complete = size.shortfalls.isEmpty
                for shortfall in size.shortfalls { say(shortfall, path, host.log) }
            } catch {
                host.log.add(error)
            }
        }
    }

    private static func say(_ shortfall: DirectorySize.Shortfall, _ path: String, _ log: ProblemLog) {
        switch shortfall {
        case .deadline: log.add(.deadline, path, "the deadline came while the directory was measured")
        case .denied(let first): log.add(.sizeIncomplete, path, "\(first) may not be read")
        case .tooDeep(let first): log.add(.sizeIncomplete, path, "\(first) lies too deep")
        case .manyHardLinks: log.add(.sizeIncomplete, path, "too many hard links: some may be counted twice")
        }
    }
}
