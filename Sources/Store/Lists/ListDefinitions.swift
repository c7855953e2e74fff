import FoundationEssentials
import Inventory
import Report
import SQL

extension SQLList {
    /// The databases as they are now.
    static func databases(_ list: List) -> SQLList {
        var sql = SQLList(list, "databases d", alias: "d", except: databaseExceptions)
        sql.hostRow = "d.place"
        sql.reach = .place(alias: "d")
        sql.searchTable = "search_databases"
        sql.samePlace.searched = "d.place = search_databases.place"
        sql.state = (Schema.presentState("d."), true)
        return sql
    }

    private static let databaseExceptions = [
        "id": "d.place_id || '/' || d.key", "host_id": "CASE WHEN d.place > 0 THEN d.place_id END",
        "last_seen": lastSeen("d"), "bytes_at": sizeTime("d", lastSeen("d")),
    ]

    /// When a database was last seen: with its host, unless it has a time of its own.
    private static func lastSeen(_ alias: String) -> String {
        "COALESCE(\(alias).last_seen, (SELECT p.last_seen FROM hosts p WHERE p.row_id = \(alias).place))"
    }

    private static func sizeTime(_ alias: String, _ lastSeen: String) -> String {
        "CASE WHEN \(alias).bytes IS NOT NULL THEN COALESCE(\(alias).bytes_at, \(lastSeen)) END"
    }

    /// The databases in two parts, by where the time is at which they were last seen: in their own row, or in their
    /// host's. Each part has an index by that time.
    static func databasesByLastSeen(_ list: List) -> [SQLList] {
        var own = databases(list)
        own.setLastSeen("d.last_seen")
        own.fixed = [Predicate(sql: { _ in "d.last_seen IS NOT NULL" }, isIndexed: false)]
        var ofHost = databases(list)
        ofHost.tables = "databases d JOIN hosts p ON p.row_id = d.place"
        ofHost.setLastSeen("p.last_seen")
        ofHost.indexedAliases = ["d", "p"]
        ofHost.fixed = [Predicate(sql: { _ in "d.last_seen IS NULL" }, isIndexed: false)]
        return [own, ofHost]
    }

    private mutating func setLastSeen(_ column: String) {
        for (name, sql) in [("last_seen", column), ("bytes_at", Self.sizeTime("d", column))] {
            if let index = list.index(name) { columns[index] = sql }
        }
    }

    /// The databases as they were at a time: each row is in one of the two lists.
    static func databases(_ list: List, at time: Date) -> [SQLList] {
        [databases(list, unchangedSince: time), databases(list, before: time)]
    }

    /// The databases that have been since `time` what they are now.
    private static func databases(_ list: List, unchangedSince time: Date) -> SQLList {
        let text = Timestamp.format(time)
        // What went missing later was there.
        let isThere = "d.missing_since IS NULL OR d.missing_since > '\(text)'"
        var columns = databaseExceptions.merging(sizes(at: text, of: "d.row_id")) { $1 }
        // What was not seen or measured since is as it is now; samples of it may be gone.
        for (name, time) in [
            ("last_seen", "last_seen"), ("bytes", "bytes_at"), ("bytes_at", "bytes_at"), ("bytes_complete", "bytes_at"),
        ] {
            let (now, then) = (databaseExceptions[name] ?? "d.\(name)", columns[name] ?? "NULL")
            columns[name] =
                "CASE WHEN \(databaseExceptions[time] ?? "d.\(time)") <= '\(text)' THEN \(now) ELSE \(then) END"
        }
        columns["missing_since"] = "CASE WHEN \(isThere) THEN NULL ELSE d.missing_since END"
        var sql = SQLList(list, "databases d", alias: "d", except: columns)
        sql.hostRow = "d.place"
        sql.reach = .place(alias: "d")
        sql.state = ("CASE WHEN \(isThere) THEN d.state ELSE 'missing' END", false)
        sql.fixed = [Predicate(sql: { "\($0)d.changed_at <= ?" }, arguments: [text], isIndexed: false)]
        return sql
    }

    /// The databases that were something else at `time`, as that.
    private static func databases(_ list: List, before time: Date) -> SQLList {
        let text = Timestamp.format(time)
        var columns = databaseExceptions.mapValues { $0.replacing("d.", with: "now.") }
        columns["id"] = "now.place_id || '/' || d.key"
        columns.merge(sizes(at: text, of: "d.database_row_id")) { $1 }
        // What is not in the history is what it is now.
        let historical = Set(HistoricalColumns(list).fields.map(\.name) + ["key"])
        let current = list.fields.map(\.name).filter { !historical.contains($0) }
        var sql = SQLList(
            list, "database_history d JOIN databases now ON now.row_id = d.database_row_id",
            alias: "d",
            joined: ["now": current], except: columns)
        sql.ownTable = "database_history d"
        sql.samePlace.joined = "now.place = d.place"
        sql.rowID = "d.database_row_id"
        sql.key = "d.row_id"
        sql.hostRow = "now.place"
        sql.reach = .place(alias: "now")
        sql.state = (Schema.presentState("d."), false)
        sql.indexedAliases = ["now"]
        sql.fixed = [
            Predicate(
                sql: { "\($0)d.valid_from <= ? AND \($0)d.valid_until > ?" }, arguments: [text, text], isIndexed: false)
        ]
        return sql
    }

    /// What was measured last at a time.
    private static func sizes(at time: String, of row: String) -> [String: String] {
        func observed(_ column: String, _ condition: String = "o.bytes IS NOT NULL") -> String {
            """
            (SELECT o.\(column) FROM observations o WHERE o.place = d.place AND o.database_row_id = \(row)
                AND o.at <= '\(time)' AND \(condition) ORDER BY o.at DESC LIMIT 1)
            """
        }
        let first = row == "d.row_id" ? "d.first_seen" : "now.first_seen"
        return [
            "last_seen": "COALESCE(\(observed("at", "TRUE")), \(first))", "bytes": observed("bytes"),
            "bytes_at": observed("at"), "bytes_complete": observed("bytes_complete"),
        ]
    }

    static func hosts(_ list: List) -> SQLList {
        var columns: [String: String] = [:]
        for (name, column) in [
            ("name", "name"), ("instance_state", "state"), ("instance_type", "instance_type"),
            ("availability_zone", "availability_zone"), ("image_id", "image_id"), ("vpc_id", "vpc_id"),
            ("private_address", "private_address"), ("launched_at", "launched_at"), ("reason", "reason"),
        ] { columns[name] = "(SELECT i.\(column) FROM instances i WHERE i.id = h.instance_id)" }
        columns.merge(ofAccount("h")) { $1 }
        var sql = SQLList(list, "hosts h", alias: "h", except: columns)
        sql.hostRow = "h.row_id"
        sql.reach = .place(alias: "h")
        sql.searchTable = "search_hosts"
        return sql
    }

    /// What Organizations knows of the account of a row.
    private static func ofAccount(_ alias: String) -> [String: String] {
        func column(_ name: String) -> String {
            "(SELECT a.\(name) FROM organization_accounts a WHERE a.id = \(alias).account_id)"
        }
        return [
            "account_name": column("name"), "account_email": column("email"),
            "organizational_unit": column("organizational_unit"),
        ]
    }

    private static func job(_ alias: String) -> String {
        "(SELECT j.id FROM jobs j WHERE j.row_id = \(alias).job_row_id)"
    }

    /// A text for each value of a column.
    private static func words(_ column: String, _ words: [(value: String, text: String?)]) -> String {
        let cases = words.compactMap { word in
            word.text.map { "WHEN '\(word.value)' THEN '\($0.replacing("'", with: "''"))'" }
        }
        return "CASE \(column) \(cases.joined(separator: " ")) END"
    }

    private static func remedy(_ column: String) -> String {
        words(column, Reason.allCases.map { ($0.rawValue, $0.remedy) })
    }

    static func jobs(_ list: List) -> SQLList { SQLList(list, "jobs j", alias: "j") }

    static func tasks(_ list: List) -> SQLList {
        var sql = SQLList(
            list, "tasks t", alias: "t",
            except: [
                "job_id": job("t"),
                "remedy": words("t.code", ScopeCode.allCases.map { ($0.rawValue, $0.remedy) }),
            ])
        sql.indexedAliases = []
        return sql
    }

    static func results(_ list: List) -> SQLList {
        var sql = SQLList(
            list, "results r", alias: "r",
            except: ["job_id": job("r"), "remedy": remedy("r.reason"), "report_id": "r.report_row_id"])
        sql.reach = .place(alias: "r")
        sql.hostRow = "(SELECT h.row_id FROM hosts h WHERE h.instance_id = r.instance_id)"
        return sql
    }

    static func instances(_ list: List) -> SQLList {
        var sql = SQLList(
            list, "instances i", alias: "i",
            except: ofAccount("i").merging(["job_id": job("i"), "remedy": remedy("i.reason")]) { $1 })
        sql.reach = .place(alias: "i")
        sql.hostRow = "(SELECT h.row_id FROM hosts h WHERE h.instance_id = i.id)"
        return sql
    }

    static func changes(_ list: List) -> SQLList {
        var sql = SQLList(
            list, "changes c JOIN databases d ON d.row_id = c.database_row_id", alias: "c",
            joined: ["d": ["hostname", "account_id", "region", "engine", "key"]],
            except: [
                "id": "c.row_id", "database_id": "d.place_id || '/' || d.key", "report_id": "c.report_row_id",
                "host_id": "CASE WHEN d.place > 0 THEN d.place_id END",
            ])
        sql.ownTable = "changes c"
        sql.samePlace.joined = "d.place = c.place"
        sql.hostRow = "d.place"
        sql.databaseAlias = "d"
        sql.reach = .place(alias: "d")
        sql.indexedAliases = ["c", "d"]
        return sql
    }

    static func hostEvents(_ list: List) -> SQLList {
        var sql = SQLList(list, "host_events e", alias: "e", except: ["id": "e.row_id"])
        sql.reach = .hostID("e.host_id")
        return sql
    }

    static func deadLetters(_ list: List) -> SQLList {
        SQLList(list, "dead_letters l", alias: "l", except: ["id": "l.row_id", "body_bytes": "LENGTH(l.body)"])
    }

    static func audit(_ list: List) -> SQLList {
        SQLList(list, "audit a", alias: "a", except: ["id": "a.row_id"])
    }

    /// The list of that name.
    static func named(_ list: List, in catalog: Catalog) -> SQLList? {
        switch list.name {
        case catalog.databases.name: databases(list)
        case catalog.hosts.name: hosts(list)
        case catalog.changes.name: changes(list)
        case catalog.hostEvents.name: hostEvents(list)
        case catalog.deadLetters.name: deadLetters(list)
        case catalog.audit.name: audit(list)
        case catalog.jobs.name: jobs(list)
        case catalog.tasks.name: tasks(list)
        case catalog.results.name: results(list)
        case catalog.instances.name: instances(list)
        default: nil
        }
    }
}
