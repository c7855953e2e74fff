import Crypto
import Foundation

/// What `deploy apply` or `deploy remove` would change, in order.
package struct DeploymentPlan: Codable, Sendable, Equatable {
    package struct Step: Codable, Sendable, Equatable {
        package enum Kind: String, Codable, Sendable {
            case upload
            case createDocument = "create_document"
            case updateDocument = "update_document"
            case share
            case unshare
            case setDefault = "set_default"
            case deleteDocument = "delete_document"
            case deleteObject = "delete_object"
            case deleteBucket = "delete_bucket"
            case deleteStackInstances = "delete_stack_instances"
            case deleteStackSet = "delete_stack_set"
            case deleteStack = "delete_stack"
        }

        package var kind: Kind
        package var region: String
        /// An object as `s3://bucket/key`, a document's name, or a stack's.
        package var target: String
        /// Of the object, or of the document's version.
        package var sha256: String?
        /// SHA-256 of the document's version that was the default one before.
        package var replaces: String?
        /// Of an object.
        package var objectVersion: String?
        /// Accounts that the document is shared with, or taken from.
        package var accounts: [String]?

        init(
            _ kind: Kind, region: String, target: String, sha256: String? = nil, replaces: String? = nil,
            objectVersion: String? = nil, accounts: [String]? = nil
        ) {
            self.kind = kind
            self.region = region
            self.target = target
            self.sha256 = sha256
            self.replaces = replaces
            self.objectVersion = objectVersion
            self.accounts = accounts
        }
    }

    /// The hub account.
    package var account: String
    package var document: String
    /// The release; nil when all is removed.
    package var version: String?
    package var sha256: String?
    package var regions: [String]
    package var steps: [Step] = []
    /// What is left out, and why.
    package var notes: [String] = []

    /// SHA-256 of the plan as JSON with sorted keys: `deploy apply --plan-digest` takes the same plan only.
    package func digest() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ReleaseFiles.hex(SHA256.hash(data: try encoder.encode(self)))
    }

    /// - Throws: `DeploymentError` if it is not the plan that was reviewed.
    package func check(_ reviewed: String) throws {
        let now = try digest()
        guard reviewed.lowercased() == now else {
            throw DeploymentError(
                "the plan has the SHA-256 \(now) now, instead of \(reviewed.lowercased()): AWS, the release or your options "
                    + "changed since it was reviewed. Nothing was changed. Review the plan again")
        }
    }

    /// The document that regions run until their step is done.
    package var previous: String? {
        steps.compactMap { $0.kind == .setDefault ? $0.replaces : nil }.min()
    }
}
