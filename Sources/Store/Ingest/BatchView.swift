import Inventory
import SQL

/// What a server has of the hosts of a batch of reports, asked for all of them at once: a server far away is then asked
/// a few times a batch, and not a few times a report.
///
/// What an earlier report of the batch may have changed is asked again. A file is asked each time: it is near.
final class BatchView {
    private let database: any SQLConnection
    private let sql: DatabaseSQL
    private var found: [KnownHost.Key: [KnownHost]] = [:]
    private var listed: [String: (account: String, region: String)?] = [:]
    private var bodies: [Int64: [String: [[UInt8]]]] = [:]
    private var databases: [Int64: [SQLRow]] = [:]
    /// Values of `KnownHost.keys`, and rows of hosts, that a report of the batch had to do with.
    private var dirty: Set<String> = []
    private var dirtyPlaces: Set<Int64> = []
    /// The hosts that the present report found.
    private var present: [KnownHost] = []
    /// When the report stored last was received.
    let lastReceived: String?

    /// Hosts with one machine id that are asked for at once; machines cloned from one image may be thousands.
    private static let fewHosts = 4

    private static let last = "SELECT received_at FROM reports ORDER BY row_id DESC LIMIT 1"

    /// Asks each time.
    init(_ database: any SQLConnection, _ sql: DatabaseSQL) {
        (self.database, self.sql, lastReceived) = (database, sql, nil)
    }

    /// Asks for all at once where that helps.
    ///
    /// - Parameter asksForBodies: whether reports can be found by several places and times at once.
    init(
        of observations: [Observation], _ census: Census, _ usage: SenderUsage, asksForBodies: Bool,
        _ sql: DatabaseSQL, _ database: any SQLConnection
    ) throws {
        (self.database, self.sql) = (database, sql)
        guard database.dialect == .postgresql else {
            lastReceived = try database.value(Self.last)
            return
        }
        let hosts = observations.compactMap { observation -> (ObservedHost, Observation)? in
            if case .host(let host) = observation.place { (host, observation) } else { nil }
        }
        let keys = Set(hosts.flatMap { KnownHost.keys(of: $0.0.identity) }.filter { !$0.value.contains("\0") })
        let columns = KnownHost.Key.Column.allCases.map { column in
            (column, keys.filter { $0.column == column }.map(\.value).sorted())
        }.filter { !$0.1.isEmpty }
        let instances = columns.first { $0.0 == .instance }?.1 ?? []
        var questions: [SQLQuestion] = [(Self.last, [])]
        questions += columns.map { (KnownHost.select + $0.0.isAny, [ArrayText.of($0.1)]) }
        if !instances.isEmpty {
            let sql = "SELECT id, account_id, region FROM instances WHERE id = ANY(CAST(? AS TEXT[]))"
            questions.append((sql, [ArrayText.of(instances)]))
        }
        let question = usage.question(Set(observations.map(\.sender)))
        if let question { questions.append(question) }
        var answers = try database.all(questions)[...]
        if question != nil { try usage.take(answers.removeLast()) }
        lastReceived = try answers.removeFirst().first?[0]
        for key in keys { found[key] = [] }
        for (column, _) in columns {
            let rows = try answers.removeFirst().map(KnownHost.init).sorted { $0.rowID < $1.rowID }
            for host in rows { host.key(column).map { found[$0]?.append(host) } }
        }
        for id in instances { listed[id] = .some(nil) }
        for row in answers.first ?? [] { listed[try row[0]] = try (row[1], row[2]) }
        try look(hosts, census, asksForBodies)
    }

    /// Asks for reports of the same times, and for the databases of hosts whose report says something new.
    private func look(
        _ hosts: [(host: ObservedHost, observation: Observation)], _ census: Census, _ asksForBodies: Bool
    ) throws {
        var (wanted, changed): ([(Int64, String)], Set<Int64>) = ([], [])
        for (host, observation) in hosts {
            // Those of its instance; without one, those of its machine, if few share it.
            let hits = KnownHost.keys(of: host.identity).lazy.compactMap { self.found[$0] }.first { !$0.isEmpty } ?? []
            for known in hits.prefix(Self.fewHosts) {
                wanted.append((known.rowID, observation.started))
                if known.digest == nil || known.digest != observation.digest { changed.insert(known.rowID) }
            }
        }
        let places = changed.sorted()
        var questions: [SQLQuestion] = []
        if asksForBodies, !wanted.isEmpty {
            questions.append(
                (
                    """
                    SELECT r.place, r.started_at, r.body
                    FROM unnest(CAST(? AS BIGINT[]), CAST(? AS TEXT[])) AS w (place, started_at)
                    JOIN reports r ON r.place = w.place AND r.started_at = w.started_at
                    """, [ArrayText.of(wanted.map(\.0)), ArrayText.of(wanted.map(\.1))]
                ))
            for (place, time) in wanted { bodies[place, default: [:]][time] = [] }
        }
        let hasBodies = !questions.isEmpty
        if !places.isEmpty {
            questions.append((sql.selectOfAny, [ArrayText.of(places)]))
            for place in places { databases[place] = [] }
        }
        let counting = census.questions(places)
        guard !questions.isEmpty else { return }
        var answers = try database.all(questions + counting)[...]
        if hasBodies {
            for row in answers.removeFirst() {
                let (place, time): (Int64, String) = try (row[0], row[1])
                let body: [UInt8] = try row[2]
                if bodies[place]?[time]?.contains(body) == false { bodies[place]?[time]?.append(body) }
            }
        }
        guard !places.isEmpty else { return }
        for row in answers.removeFirst() { databases[try row[row.values.count - 1], default: []].append(row) }
        try census.touch(places, Array(answers))
    }

    /// The next report begins: what the present one had to do with is asked again from now on.
    func finish(_ observation: Observation) {
        guard !found.isEmpty, case .host(let host) = observation.place else { return }
        dirty.formUnion(KnownHost.keys(of: host.identity).map(\.value))
        for host in present {
            dirty.formUnion([host.id, host.instanceID, host.machineID].compactMap { $0 })
            dirtyPlaces.insert(host.rowID)
        }
        present = []
    }

    /// The databases and reports of a place changed: it is asked again.
    func forget(_ place: Int64) { dirtyPlaces.insert(place) }

    /// The hosts that have a value.
    func hosts(_ key: KnownHost.Key) throws -> [KnownHost] {
        func isAsBefore(_ host: KnownHost) -> Bool {
            ![host.id, host.instanceID, host.machineID].contains { $0.map(dirty.contains) ?? false }
        }
        if !dirty.contains(key.value), let known = found[key], known.allSatisfy(isAsBefore) {
            present += known
            return known
        }
        let known = try database.all(KnownHost.select + key.column.isOne, [key.value]).map(KnownHost.init)
        if !found.isEmpty { present += known }
        return known
    }

    /// Where AWS lists an instance; nil where it does not.
    func listing(of instance: String) throws -> (account: String, region: String)? {
        if let known = listed[instance] { return known }
        return try database.one("SELECT account_id, region FROM instances WHERE id = ?", [instance]).map {
            try ($0[0], $0[1])
        }
    }

    /// The bodies of reports of a place that began at a time.
    func bodies(of place: Int64, at time: String) throws -> [[UInt8]] {
        if !dirtyPlaces.contains(place), let known = bodies[place]?[time] { return known }
        return try database.values("SELECT body FROM reports WHERE place = ? AND started_at = ?", [place, time])
    }

    /// Rows of `DatabaseSQL.select`, in the order of their numbers.
    func databases(of place: Int64) throws -> [SQLRow] {
        if !dirtyPlaces.contains(place), let known = databases[place] { return known }
        return try database.all("\(sql.select) place = ? ORDER BY row_id", [place])
    }
}

/// Arrays of PostgreSQL as text: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
enum ArrayText {
    static func of(_ numbers: [Int64]) -> String { "{\(numbers.map(String.init).joined(separator: ","))}" }

    static func of(_ texts: [String]) -> String {
        var array = "{"
        for text in texts {
            array += array.utf8.count > 1 ? ",\"" : "\""
            // Scalar by scalar: what follows a quote may make one character of both.
            for scalar in text.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { array.unicodeScalars.append("\\") }
                array.unicodeScalars.append(scalar)
            }
            array.unicodeScalars.append("\"")
        }
        return array + "}"
    }
}
