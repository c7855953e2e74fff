import HostView
import Report

/// Measures the data directories of a report, all at once, until the deadline.
public enum Sizes {
    /// Measures every directory of `databases` that has a root to look below.
    public static func measure(_ databases: inout [FoundDatabase], _ host: ScanContext) {
        let places = databases.indices.flatMap { found in
            databases[found].root == nil
                ? [] : databases[found].database.dataDirectories.indices.map { (found: found, directory: $0) }
        }
        let trees = places.compactMap { place in
            databases[place.found].root.map {
                DirectorySize.Place(databases[place.found].database.dataDirectories[place.directory].path, in: $0)
            }
        }
        host.stepBackNow()
        for (place, size) in zip(places, DirectorySize.measure(trees, deadline: host.deadline)) {
            let directory = databases[place.found].database.dataDirectories[place.directory]
            host.log.concerning(directory.uid) {
                switch size {
                case .failure(let error): host.log.add(error)
                case .success(let size):
                    for shortfall in size.shortfalls { say(shortfall, directory.path, size, host.log) }
                    databases[place.found].database.dataDirectories[place.directory].set(size)
                }
            }
        }
    }

    /// A size that is not whole says so itself (`complete`): no database is missing because of it.
    private static func say(
        _ shortfall: DirectorySize.Shortfall, _ path: String, _ size: DirectorySize, _ log: ProblemLog
    ) {
        switch shortfall {
        case .deadline:
            log.add(
                .deadline, path, "the deadline passed after \(size.files) files of the directory were measured",
                partial: false)
        case .denied(let first): log.add(.sizeIncomplete, path, "\(first) could not be opened", partial: false)
        case .tooDeep(let first): log.add(.sizeIncomplete, path, "\(first) is too deep in the tree", partial: false)
        case .automount(let first):
            log.add(.sizeIncomplete, path, "\(first) is an automount point and was not entered", partial: false)
        case .manyHardLinks:
            log.add(.sizeIncomplete, path, "too many hard links: some may be counted twice", partial: false)
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
