import Inventory
import Report
import SQL

/// A host's row as far as a new report touches it.
struct KnownHost {
    var rowID: Int64
    var id: String
    var lastSeen: String
    /// When the scan of the last report began, by the host's own clock.
    var lastStarted: String?
    var hostname: String?
    var accountID: String?
    var region: String?
    var instanceID: String?
    var machineID: String?
    /// The token whose reports these are; nil where only the command line's came.
    var sender: String?
    /// The digest of its last report; nil when a report with the same digest may still say something new.
    var digest: Int64?
    /// An operator retired it.
    var isRetired = false
    /// Another row, without an instance, has the same machine id.
    var hasTwin = false

    /// What hosts are found by.
    struct Key: Hashable {
        enum Column: String, CaseIterable {
            case instance = "instance_id"
            case machine = "machine_id"
            /// By the machine, of hosts whose instance is not known.
            case unnamed
            case id

            private var name: String { self == .unnamed ? Column.machine.rawValue : rawValue }
            private var more: String { self == .unnamed ? " AND instance_id IS NULL" : "" }
            /// The condition for one value.
            var isOne: String { "WHERE \(name) = ?\(more)" }
            /// The condition for an array.
            var isAny: String { "WHERE \(name) = ANY(CAST(? AS TEXT[]))\(more)" }
        }

        var column: Column
        var value: String
    }

    /// What a host of this identity may be found by.
    static func keys(of identity: HostIdentity) -> [Key] {
        guard let instance = identity.instanceID else {
            return [identity.machineID.map { Key(column: .machine, value: $0) } ?? Key(column: .id, value: identity.id)]
        }
        return [Key(column: .instance, value: instance)]
            + (identity.machineID.map { [Key(column: .unnamed, value: $0)] } ?? [])
    }

    /// Its own value in a column.
    func key(_ column: Key.Column) -> Key? {
        let value: String? =
            switch column {
            case .instance: instanceID
            case .machine: machineID
            case .unnamed: instanceID == nil ? machineID : nil
            case .id: id
            }
        return value.map { Key(column: column, value: $0) }
    }

    static let select = """
        SELECT row_id, id, last_seen, hostname, account_id, region, instance_id, machine_id, last_started_at,
            EXISTS (SELECT 1 FROM hosts o WHERE o.machine_id = hosts.machine_id AND o.instance_id IS NULL),
            sender, retired_at IS NOT NULL, digest
        FROM hosts\u{20}
        """

    init(_ row: SQLRow) throws {
        rowID = try row[0]
        id = try row[1]
        lastSeen = try row[2]
        hostname = try row[3]
        accountID = try row[4]
        region = try row[5]
        instanceID = try row[6]
        machineID = try row[7]
        lastStarted = try row[8]
        hasTwin = try instanceID != nil && row[9]
        sender = try row[10]
        isRetired = try row[11]
        digest = try row[12]
    }

    init(rowID: Int64, id: String, lastSeen: String) {
        self.rowID = rowID
        self.id = id
        self.lastSeen = lastSeen
    }

    /// The host of a row; nil when there is none.
    static func all(row: Int64, _ database: any SQLConnection) throws -> KnownHost? {
        try database.one(select + "WHERE row_id = ?", [row]).map(KnownHost.init)
    }

    /// The host's row: by instance id; else the one row with the machine id, unless either side names another instance.
    ///
    /// A machine id is no secret: a row that is known by it alone, or that only shares it, is this host's when it has
    /// the same sender.
    static func find(_ host: ObservedHost, _ observation: Observation, _ view: BatchView) throws -> KnownHost? {
        let identity = host.identity
        if let instance = identity.instanceID,
            let host = try view.hosts(Key(column: .instance, value: instance)).first
        {
            return host
        }
        guard let machine = identity.machineID else {
            guard identity.instanceID == nil else { return nil }
            return try view.hosts(Key(column: .id, value: identity.id)).first {
                $0.instanceID == nil && $0.machineID == nil
            }
        }
        let hosts = try view.hosts(Key(column: identity.instanceID == nil ? .machine : .unnamed, value: machine))
        if let unnamed = hosts.first(where: { $0.instanceID == nil }) {
            // To take an instance id changes what the row is: that is for its own sender alone.
            return identity.instanceID == nil || unnamed.isSame(sender: observation) ? unnamed : nil
        }
        return identity.instanceID == nil && hosts.count == 1 && hosts[0].isOf(observation) ? hosts[0] : nil
    }

    /// Whether the sender of `observation` may report for this host.
    func isOf(_ observation: Observation) -> Bool {
        sender == nil || sender == observation.sender || observation.sender == Observation.commandLine
            || observation.bounds.takesOver || isVouched(observation)
    }

    /// Whether AWS itself says that the observation is of this instance.
    func isVouched(_ observation: Observation) -> Bool {
        instanceID != nil && observation.voucher?.instanceID == instanceID
    }

    /// Whether the host's reports came from the sender of `observation`, or an operator lets that one take over.
    func isSame(sender observation: Observation) -> Bool {
        (sender ?? Observation.commandLine) == observation.sender || observation.sender == Observation.commandLine
            || observation.bounds.takesOver
    }

    /// The host after an observation. What one report cannot tell, an earlier one told: an agent without root sees no
    /// account.
    func merged(with host: ObservedHost, _ ingestion: Ingestion) -> KnownHost {
        var now = self
        now.lastSeen = ingestion.seen
        now.hostname = host.hostname ?? hostname
        now.accountID = host.accountID ?? accountID
        now.region = host.region ?? region
        now.machineID = host.identity.machineID ?? machineID
        now.instanceID = host.identity.instanceID ?? instanceID
        now.id = host.identity.instanceID ?? id
        if ingestion.observation.sender != Observation.commandLine { now.sender = ingestion.observation.sender }
        now.isRetired = false
        return now
    }

    /// Whether nothing that other rows repeat changed.
    func isNamed(as other: KnownHost) -> Bool {
        id == other.id && hostname == other.hostname && accountID == other.accountID && region == other.region
            && instanceID == other.instanceID && machineID == other.machineID
    }
}
