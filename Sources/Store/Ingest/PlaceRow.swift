import Inventory

/// The row that an observation's databases belong to, and what they repeat of it.
struct PlaceRow: Equatable {
    /// The column of `databases` and `reports` that names the row: `host_row_id` or `listing_row_id`.
    var column: String
    var rowID: Int64
    /// The first part of its databases' ids.
    var id: String
    var hostname: String?
    var accountID: String?
    var region: String?

    /// The place of a host.
    init(_ host: KnownHost) {
        column = "host_row_id"
        rowID = host.rowID
        id = host.id
        hostname = host.hostname
        accountID = host.accountID
        region = host.region
    }

    /// The place of one service's listing.
    init(listing: Int64, _ scope: Scope) {
        column = "listing_row_id"
        rowID = listing
        id = scope.id
        accountID = scope.accountID
        region = scope.region
    }
}
