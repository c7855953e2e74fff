import GRDB

/// What of a database makes history: when one of these changes, what was before is kept with its time.
struct DatabaseState: Equatable, Sendable {
    var engine: String
    var vendor: String?
    var version: String?
    var versionPrecision: String?
    var state: String
    var address: String?
    var port: Int?
    var exposure: String?
    var role: String?
    var dataDirectory: String?
    var container: String?
    var containerImage: String?
    var clusterID: String?
    /// The time of the first complete scan that no longer saw it.
    var missingSince: String?

    /// The columns of `databases` and `database_history`, in the order of `values`.
    static let columns = [
        "engine", "vendor", "version", "version_precision", "state", "address", "port", "exposure", "role",
        "data_directory", "container", "container_image", "cluster_id", "missing_since",
    ]

    var values: [(any DatabaseValueConvertible)?] {
        [
            engine, vendor, version, versionPrecision, state, address, port, exposure, role, dataDirectory, container,
            containerImage, clusterID, missingSince,
        ]
    }

    /// The state in the columns of `row` that begin at `first`, in the order of `columns`.
    init(_ row: Row, from first: Int) {
        engine = row[first]
        vendor = row[first + 1]
        version = row[first + 2]
        versionPrecision = row[first + 3]
        state = row[first + 4]
        address = row[first + 5]
        port = row[first + 6]
        exposure = row[first + 7]
        role = row[first + 8]
        dataDirectory = row[first + 9]
        container = row[first + 10]
        containerImage = row[first + 11]
        clusterID = row[first + 12]
        missingSince = row[first + 13]
    }

    init(engine: String, state: String) {
        self.engine = engine
        self.state = state
    }

    /// Whether a server runs here, as far as is known.
    var isRunning: Bool { state == "running" && missingSince == nil }
}
