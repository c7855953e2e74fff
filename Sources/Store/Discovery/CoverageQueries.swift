import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Instances counted by columns of `Coverage.columns`, `tag:KEY` and `account_tag:KEY`.
    public func coverage(groupBy: [String], conditions: [Condition], bounds: Bounds) throws -> Coverage {
        guard Set(groupBy).count == groupBy.count, groupBy.count <= 10 else {
            throw StoreError(.badRequest, "cannot count: name each column once, and at most 10 columns")
        }
        let columns = try groupBy.map(Self.coverageColumn)
        let filters = try conditions.map { condition in
            let column = try Self.coverageColumn(condition.field)
            var predicate = try Predicate.text(condition, column.sql, isIndexed: false)
            // The column's own value stands wherever the column does.
            let uses = predicate.sql("").components(separatedBy: column.sql).count - 1
            predicate.arguments =
                uses > 1
                ? column.arguments + predicate.arguments + column.arguments : column.arguments + predicate.arguments
            return predicate
        }
        let host = "(SELECT h.row_id FROM hosts h WHERE h.instance_id = i.id)"
        let (bound, own) = BoundsSQL(bounds, database.dialect).condition("i", hostRow: host)
        let condition = ([bound] + filters.map { "(\($0.sql("")))" }).joined(separator: " AND ")
        let arguments = own + filters.flatMap { $0.arguments as SQLValues }
        let tables = "instances i LEFT JOIN organization_accounts a ON a.id = i.account_id"
        let answers = Reason.allCases.filter(\.isAnswered).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try read { database in
            let names = columns.indices.map { "g\($0)" }.joined(separator: ", ")
            let order = columns.indices.map { "g\($0) NULLS FIRST" }.joined(separator: ", ")
            let selected = columns.enumerated().map { "\($1.sql) AS g\($0)" }.joined(separator: ", ")
            let rows =
                columns.isEmpty
                ? []
                : try database.all(
                    """
                    SELECT COUNT(*), \(selected) FROM \(tables) WHERE \(condition)
                    GROUP BY \(names) ORDER BY 1 DESC, \(order) LIMIT \(Coverage.limit + 1)
                    """, columns.flatMap(\.arguments) + arguments, .once)
            let sums = try database.one(
                """
                SELECT COUNT(*), COUNT(CASE WHEN i.reason IN (\(answers)) THEN 1 END) FROM \(tables) WHERE \(condition)
                """, arguments, .once)
            let groups = try rows.prefix(Coverage.limit).map { row in
                try Coverage.Group(
                    group: Dictionary(
                        uniqueKeysWithValues: groupBy.enumerated().map { try ($1, row[$0 + 1] as String?) }),
                    hosts: row[0])
            }
            let (codes, scopes) = try Self.scopes(bounds, database)
            return try Coverage(
                items: groups, truncated: rows.count > Coverage.limit, hosts: sums?[0] ?? 0, answered: sums?[1] ?? 0,
                scope_codes: codes, scopes: scopes)
        }
    }

    private typealias Column = (sql: String, arguments: SQLValues)

    private static func coverageColumn(_ name: String) throws -> Column {
        let own = [
            "account": "i.account_id", "account_name": "a.name", "account_email": "a.email",
            "organizational_unit": "a.organizational_unit", "region": "i.region", "reason": "i.reason",
            "detail": "i.detail", "state": "i.state", "instance_type": "i.instance_type",
            "availability_zone": "i.availability_zone", "platform": "i.platform", "ssm_status": "i.ssm_status",
        ]
        if let sql = own[name] { return (sql, []) }
        if let column = TagColumn(name) { return column.of(instance: "i.id", row: "i.row_id", account: "i.account_id") }
        throw StoreError(
            .badRequest,
            "cannot count by \"\(name.prefix(80))\": use \(Coverage.columns.joined(separator: ", ")), tag:KEY or "
                + "account_tag:KEY")
    }

    private static func scopes(
        _ bounds: Bounds, _ database: any SQLConnection
    ) throws -> (codes: [String: Int], scopes: [Coverage.ScopeState]) {
        // A scope has no host: who is bound to hosts or tags sees none.
        let (bound, arguments) = BoundsSQL(bounds, database.dialect).condition("s", hostRow: "NULL")
        let codes: [String: Int] = try database.pairs(
            "SELECT code, COUNT(*) FROM scopes s WHERE \(bound) GROUP BY code", arguments, .once)
        let rows = try database.all(
            """
            SELECT s.account_id, s.region, s.code, s.checked_at,
                (SELECT COUNT(*) FROM instances i WHERE i.account_id = s.account_id
                    AND (i.region = s.region OR s.region = '*') AND i.terminated_at IS NULL),
                (SELECT a.name FROM organization_accounts a WHERE a.id = s.account_id), s.detail, s.listed_at
            FROM scopes s WHERE s.code <> 'ok' AND \(bound) ORDER BY s.account_id, s.region LIMIT \(Coverage.limit)
            """, arguments, .once)
        let scopes = try rows.map { row in
            var scope = try Coverage.ScopeState(
                account_id: row[0], region: row[1], code: row[2], checked_at: row[3], hosts: row[4])
            (scope.account_name, scope.detail, scope.listed_at) = try (row[5], row[6], row[7])
            scope.remedy = ScopeCode(rawValue: scope.code)?.remedy
            return scope
        }
        return (codes, scopes)
    }

    /// The coverage of the runs that ended, the last one first.
    public func coverageHistory(limit: Int, bounds: Bounds) throws -> [RunCoverage] {
        let (bound, arguments) = BoundsSQL(bounds, database.dialect).condition("c", hostRow: "NULL")
        return try read { database in
            let jobs = try database.all(
                "SELECT row_id, id, ended_at, state FROM jobs WHERE ended_at IS NOT NULL ORDER BY row_id DESC LIMIT ?",
                [limit])
            func counts(_ sql: String, _ job: Int64) throws -> [String: Int] {
                try database.pairs(sql, [job] + arguments, .once)
            }
            return try jobs.map { job in
                let reasons = try counts(
                    "SELECT reason, SUM(hosts) FROM coverage_history c WHERE job_row_id = ? AND \(bound) GROUP BY reason",
                    job[0])
                let scopes = try counts(
                    """
                    SELECT code, COUNT(*) FROM tasks c WHERE job_row_id = ? AND code IS NOT NULL AND account_id <> '*'
                        AND (region <> '*' OR code <> 'ok') AND \(bound) GROUP BY code
                    """, job[0])
                let answered = Reason.allCases.filter(\.isAnswered).reduce(0) { $0 + (reasons[$1.rawValue] ?? 0) }
                return try RunCoverage(
                    job_id: job[1], ended_at: job[2], state: job[3], hosts: reasons.values.reduce(0, +),
                    answered: answered, reasons: reasons, scopes: scopes)
            }
        }
    }

    /// The tags of an instance in EC2.
    func instanceTags(_ instance: String?) throws -> [String: String] {
        guard let instance else { return [:] }
        return try read { database in
            return try database.pairs(
                """
                SELECT key, value FROM instance_tags
                WHERE instance_row_id = (SELECT row_id FROM instances WHERE id = ?)
                """, [instance])
        }
    }

    /// The databases of the report of that number, with the columns that reports fill; nil when it is no longer kept.
    public func databases(ofReport id: Int64) throws -> [ListRow]? {
        let body = try read { try $0.value("SELECT body FROM reports WHERE row_id = ?", [id]) as [UInt8]? }
        guard let body else { return nil }
        let found = try observation(body: body, keepsBody: false).databases()
        let list = catalog.reportDatabases
        return found.map { database in
            let state = zip(database.state.columns.fields, database.state.values)
            var values = Dictionary(state.map { ($0.name, $1) }) { $1 }
            values["key"] = .text(database.key)
            values["bytes"] = Value(database.bytes)
            values["bytes_complete"] = Value(database.bytesComplete)
            return ListRow(list, list.names.map { values[$0] ?? .null })
        }
    }
}

/// `tag:KEY` and `account_tag:KEY` as columns that things are counted by.
struct TagColumn {
    private let key: String
    private let isAccount: Bool

    /// Nil for the name of another column.
    init?(_ name: String) {
        for (prefix, isAccount) in [("tag:", false), ("account_tag:", true)] where name.hasPrefix(prefix) {
            key = String(name.dropFirst(prefix.count))
            self.isAccount = isAccount
            guard 1...128 ~= key.utf8.count, !key.utf8.contains(0) else { return nil }
            return
        }
        return nil
    }

    /// The tag's value for an instance: one set by hand on its host comes before the one in EC2.
    ///
    /// - Parameters:
    ///   - instance: the column with its id.
    ///   - row: the column with its row, or SQL for it.
    ///   - account: the column with its account.
    func of(
        instance: String, row: String, account: String
    ) -> (sql: String, arguments: SQLValues) {
        if isAccount { return ("(SELECT value FROM account_tags WHERE account_id = \(account) AND key = ?)", [key]) }
        return (
            """
            COALESCE((SELECT value FROM host_tags WHERE key = ? AND host_row_id =
                    (SELECT row_id FROM hosts WHERE instance_id = \(instance))),
                (SELECT value FROM instance_tags WHERE instance_row_id = \(row) AND key = ?))
            """, [key, key]
        )
    }
}
