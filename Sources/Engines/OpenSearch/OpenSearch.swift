extension Lucene {
    /// OpenSearch, which began as Elasticsearch 7.10.
    static let openSearch = Lucene(
        profile: profile(
            id: "opensearch", title: "OpenSearch", name: "opensearch",
            mainClasses: ["org.opensearch.bootstrap.OpenSearch"], prefix: "opensearch",
            secured: EngineOption("plugins.security.disabled", .flag, arguments: ["Eplugins.security.disabled"]),
            environmentNames: []))
}
