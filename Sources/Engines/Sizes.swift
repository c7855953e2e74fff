import HostView
import Report

/// Measures the data directories of a report, all at once, until the deadline.
public enum Sizes {
    /// Measures every directory of `findings` that has a root to look below.
    public static func measure(_ findings: inout [Finding], _ host: Host) {
        let places = findings.indices.flatMap { finding in
            findings[finding].root == nil
                ? [] : findings[finding].database.dataDirectories.indices.map { (finding: finding, directory: $0) }
        }
        let trees = places.compactMap { place in
            findings[place.finding].root.map {
                DirectorySize.Place(findings[place.finding].database.dataDirectories[place.directory].path, in: $0)
            }
        }
        for (place, size) in zip(places, DirectorySize.measure(trees, deadline: host.deadline)) {
            let path = findings[place.finding].database.dataDirectories[place.directory].path
            switch size {
            case .failure(let error): host.log.add(error)
            case .success(let size):
                for shortfall in size.shortfalls { say(shortfall, path, size, host.log) }
                findings[place.finding].database.dataDirectories[place.directory].set(size)
            }
        }
    }

    private static func say(
        _ shortfall: DirectorySize.Shortfall, _ path: String, _ size: DirectorySize, _ log: ProblemLog
    ) {
        switch shortfall {
        case .deadline:
            log.add(.deadline, path, "the deadline came when \(size.files) files of the directory were measured")
        case .denied(let first): log.add(.sizeIncomplete, path, "\(first) could not be opened")
        case .tooDeep(let first): log.add(.sizeIncomplete, path, "\(first) lies too deep")
        case .automount(let first):
            log.add(.sizeIncomplete, path, "\(first) is mounted when somebody enters it, and was not entered")
        case .manyHardLinks: log.add(.sizeIncomplete, path, "too many hard links: some may be counted twice")
        }
    }
}

extension Report.DataDirectory {
    fileprivate mutating func set(_ size: DirectorySize) {
        bytes = size.bytes
        allocatedBytes = size.allocatedBytes
        files = size.files
        complete = size.shortfalls.isEmpty
    }
}
