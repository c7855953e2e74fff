import Inventory

extension Endpoint {
    /// Where the routes of the API begin.
    static let base = "/api/v1"

    /// Every route. docs/contributing/endpoint.md tells how to add one.
    static func all(_ catalog: Catalog) -> [Endpoint] {
        databases(catalog) + hosts(catalog) + groups(catalog) + reports(catalog) + tokens(catalog) + discovery(catalog)
            + probes(catalog)
    }
}
