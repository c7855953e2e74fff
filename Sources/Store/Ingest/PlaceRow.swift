import Inventory

/// The row that an observation's databases belong to, and what they repeat of it.
struct PlaceRow: Equatable {
    /// Its number in the column `place`: that of the host, or minus that of the listing.
    var number: Int64
    /// The first part of its databases' ids.
    var id: String
    var hostname: String?
    var accountID: String?
    var region: String?

    /// The place of a host.
    init(_ host: KnownHost) {
        number = host.rowID
        id = host.id
        hostname = host.hostname
        accountID = host.accountID
        region = host.region
    }

    /// The place of one service's listing in the row `listing`.
    init(listing: Int64, _ scope: Scope) {
        number = -listing
        id = scope.id
        accountID = scope.accountID
        region = scope.region
    }
}
