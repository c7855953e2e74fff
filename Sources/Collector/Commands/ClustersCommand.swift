import ArgumentParser
import Inventory
import Store

/// `dbcensus-collector clusters`: databases that share an identity.
struct ClustersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clusters",
        abstract: "List databases that share an identity: members of one cluster, or copies of one another.")

    @OptionGroup var source: SourceOptions

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    @OptionGroup var page: PageOptions

    func run() async throws {
        let query = [("limit", "\(page.limit)")] + (page.cursor.map { [("cursor", $0)] } ?? [])
        try await source.ask(List.clusters.name, query, .clusters) {
            try $0.clusters(after: page.cursor, limit: page.limit)
        }.write(.clusters, format)
    }
}
