extension AWSService {
    /// AWS Organizations, one endpoint for a partition.
    package static let organizations = AWSService(
        id: "ORGANIZATIONS", prefix: "organizations", wire: .json(target: "AWSOrganizationsV20161128"))
}

/// AWS Organizations, API version 2016-11-28.
package enum Organizations {
    /// The most items of a page.
    package static let pageSize = 20

    /// An account of the organisation.
    package struct Account: Decodable, Sendable, Equatable {
        package var id: String
        package var arn: String?
        package var name: String?
        package var email: String?
        /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, `PENDING_ACTIVATION` or `CLOSED`.
        package var state: String?
        /// What was there before `State`; its retirement was announced for 2026-09-09.
        package var status: String?

        /// Whether it manages the organisation: the ARN of each account begins with that account.
        package var isManagement: Bool {
            let parts = (arn ?? "").split(separator: ":", omittingEmptySubsequences: false)
            return parts.count > 4 && parts[4] == id
        }

        /// `State`, and `Status` where an endpoint does not answer it yet.
        package var currentState: String? { state ?? status }
    }

    /// A root or an organisational unit.
    package struct Unit: Decodable, Sendable, Equatable {
        package var id: String
        package var arn: String?
        package var name: String?
    }

    /// All accounts of the organisation.
    package struct ListAccounts: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .organizations, "ListAccounts", roles: [.hub, .deploy], reason: "Finds the organisation's accounts.")

        package var maxResults = pageSize
        package var nextToken: String?

        package struct Output: Decodable, Sendable {
            package var accounts: [Account]?
            package var nextToken: String?
        }

        package init() {}

        package static func items(_ output: Output) -> [Account] { output.accounts ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// The accounts of one root or unit, without those of the units below it.
    package struct ListAccountsForParent: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .organizations, "ListAccountsForParent", roles: [.hub, .deploy],
            reason: "Finds the accounts of an organisational unit.")

        package var parentId: String
        package var maxResults = pageSize
        package var nextToken: String?

        package struct Output: Decodable, Sendable {
            package var accounts: [Account]?
            package var nextToken: String?
        }

        package init(parentId: String) { self.parentId = parentId }

        package static func items(_ output: Output) -> [Account] { output.accounts ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// The units directly below a root or a unit.
    package struct ListOrganizationalUnitsForParent: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .organizations, "ListOrganizationalUnitsForParent", roles: [.hub, .deploy],
            reason: "Finds the units below an organisational unit.")

        package var parentId: String
        package var maxResults = pageSize
        package var nextToken: String?

        package struct Output: Decodable, Sendable {
            package var organizationalUnits: [Unit]?
            package var nextToken: String?
        }

        package init(parentId: String) { self.parentId = parentId }

        package static func items(_ output: Output) -> [Unit] { output.organizationalUnits ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// The organisation's roots; there is one.
    package struct ListRoots: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .organizations, "ListRoots", roles: [.hub, .deploy],
            reason: "Finds where the tree of organisational units begins.")

        package var maxResults = pageSize
        package var nextToken: String?

        package struct Output: Decodable, Sendable {
            package var roots: [Unit]?
            package var nextToken: String?
        }

        package init() {}

        package static func items(_ output: Output) -> [Unit] { output.roots ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// The tags of an account.
    package struct ListTagsForResource: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .organizations, "ListTagsForResource", roles: [.hub], reason: "Reads the tags of an account.")

        package var resourceId: String
        package var nextToken: String?

        package struct Tag: Decodable, Sendable, Equatable {
            package var key: String
            package var value: String
        }

        package struct Output: Decodable, Sendable {
            package var tags: [Tag]?
            package var nextToken: String?
        }

        package init(resourceId: String) { self.resourceId = resourceId }

        package static func items(_ output: Output) -> [Tag] { output.tags ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }
}
