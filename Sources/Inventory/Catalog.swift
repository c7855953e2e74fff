import Report

/// The lists of the inventory. Tests add columns to them.
public struct Catalog: Sendable {
    /// Every database.
    public let databases: List
    /// Every host.
    public let hosts: List
    /// What happened to databases.
    public let changes = List.changes
    /// What happened to the identities of hosts.
    public let hostEvents = List.hostEvents
    /// Rejected reports.
    public let deadLetters = List.deadLetters
    /// The audit log.
    public let audit = List.audit
    /// AWS accounts.
    public let accounts = List.accounts
    /// Databases that share an identity.
    public let clusters = List.clusters
    /// The sizes of one database.
    public let sizes = List.sizes
    /// The API's tokens.
    public let tokens = List.tokens
    /// Runs of discovery.
    public let jobs = List.jobs
    /// Their accounts and regions.
    public let tasks = List.tasks
    /// What became of each host of a run.
    public let results = List.results
    /// Every instance that EC2 or SSM listed.
    public let instances = List.instances
    /// A database as one report has it.
    public let reportDatabases: List
    /// The columns of `databases` whose change makes history.
    public let historical: HistoricalColumns

    /// The parts of a report that the columns need.
    public let extent: Report.Extent

    /// The lists, with other columns for databases and hosts.
    public init(databases: List = .databases, hosts: List = .hosts) {
        self.databases = databases
        self.hosts = hosts
        historical = HistoricalColumns(databases)
        reportDatabases = .reportDatabases(databases)
        extent = databases.fields.reduce(into: .outline) { $0.formUnion($1.observed?.needs ?? []) }
    }

    /// The lists of this version.
    public static let current = Catalog()

    /// Every list.
    public var all: [List] {
        [
            databases, hosts, changes, hostEvents, deadLetters, audit, accounts, clusters, sizes, tokens, jobs, tasks,
            results, instances, reportDatabases,
        ]
    }

    /// The columns that databases are counted by, under their names as filters.
    public var counted: [Field] { databases.fields.filter(\.isCounted) }
}
