extension Lucene {
    /// Elasticsearch 5 to 9.
    static let elasticsearch = Lucene(
        profile: profile(
            id: "elasticsearch", title: "Elasticsearch", name: "elasticsearch",
            mainClasses: ["org.elasticsearch.bootstrap.Elasticsearch"], prefix: "es",
            secured: EngineOption("xpack.security.enabled", .flag, arguments: ["Expack.security.enabled"]),
            environmentNames: []))
}
