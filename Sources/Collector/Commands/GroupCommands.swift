import ArgumentParser
import Foundation
import Store
import Terminal

/// `dbcensus-collector accounts`: AWS accounts whose hosts reported.
struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts", abstract: "Lists the AWS accounts whose hosts reported.")

    @OptionGroup var source: SourceOptions

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    func run() async throws {
        let page = try await source.ask("accounts") { Page(items: try $0.accounts(), next_cursor: nil) }
        let columns: [ListColumn<AccountRow>] = [
            .init("id") { $0.id }, .init("hosts") { "\($0.hosts)" }, .init("databases") { "\($0.databases)" },
            .init("stopped") { "\($0.stopped)" }, .init("missing") { "\($0.missing)" },
            .init("first_seen") { $0.first_seen }, .init("last_seen") { $0.last_seen },
        ]
        try page.write(format, columns: columns) { rows in
            guard !rows.isEmpty else { return "No host has named an account.\n" }
            var table = Table([
                .init("ACCOUNT"), .init("HOSTS", right: true), .init("DATABASES", right: true),
                .init("STOPPED", right: true), .init("MISSING", right: true), .init("LAST SEEN"),
            ])
            for row in rows {
                table.add([
                    row.id, "\(row.hosts)", "\(row.databases)", "\(row.stopped)", "\(row.missing)",
                    String(row.last_seen.prefix(16)),
                ])
            }
            return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
        }
    }
}

/// `dbcensus-collector clusters`: databases that share an identity.
struct ClustersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clusters",
        abstract: "Lists databases that share an identity: members of one cluster, or copies of one another.")

    @OptionGroup var source: SourceOptions

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @Option(help: "At most this many rows (1 to 1000).")
    var limit = ListRequest.maximumLimit

    @Option(help: "Go on after the page that gave this next_cursor.")
    var cursor: String?

    func validate() throws {
        guard (1...ListRequest.maximumLimit).contains(limit) else {
            throw ValidationError("--limit is 1 to \(ListRequest.maximumLimit).")
        }
    }

    func run() async throws {
        let query = [("limit", "\(limit)")] + (cursor.map { [("cursor", $0)] } ?? [])
        let page = try await source.ask("clusters", query) { try $0.clusters(after: cursor, limit: limit) }
        let columns: [ListColumn<ClusterRow>] = [
            .init("id") { $0.id }, .init("engine") { $0.engine }, .init("databases") { "\($0.databases)" },
            .init("stopped") { "\($0.stopped)" }, .init("missing") { "\($0.missing)" },
            .init("hosts") { "\($0.hosts)" }, .init("roles") { $0.roles },
            .init("versions") { $0.versions },
        ]
        try page.write(format, columns: columns) { rows in
            guard !rows.isEmpty else { return "No database has an identity that others could share.\n" }
            var table = Table([
                .init("CLUSTER", fit: .cutEnd), .init("DATABASES", right: true), .init("STOPPED", right: true, drop: 1),
                .init("MISSING", right: true),
                .init("HOSTS", right: true), .init("ROLES", fit: .cutEnd), .init("VERSIONS", fit: .cutEnd),
            ])
            for row in rows {
                table.add([
                    row.id, "\(row.databases)", "\(row.stopped)", "\(row.missing)", "\(row.hosts)", row.roles ?? "-",
                    row.versions ?? "-",
                ])
            }
            return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
        }
    }
}

/// `dbcensus-collector show`: everything about one database or one host.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Writes everything about one database or one host, as JSON.")

    @Argument(help: "A database's id, or a host's.")
    var id: String

    @OptionGroup var source: SourceOptions

    func run() async throws {
        let path = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id
        let missing = CollectorError(exitCode: .usage, message: "there is no database or host \(id)")
        if let database = DatabaseID(id) {
            let detail = try await source.ask("databases/\(path)") { store -> DatabaseDetail in
                guard let detail = try store.database(database) else { throw missing }
                return detail
            }
            return try Output.print(try JSONList.text(detail))
        }
        let detail = try await source.ask("hosts/\(path)") { store -> HostDetail in
            guard let detail = try store.host(id) else { throw missing }
            return detail
        }
        try Output.print(try JSONList.text(detail))
    }
}
