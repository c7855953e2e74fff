/// The documents of Run Command. Source: AWS Systems Manager API Reference, version 2014-11-06.
extension SSM {
    /// Accounts that one call shares a document with, or takes it from.
    package static let sharingSize = 20
    /// Accounts that a document can be shared with.
    package static let mostShared = 1_000
    /// Bytes of a document.
    package static let documentSize = 64 << 10

    /// What AWS says of one version of a document.
    package struct Document: Decodable, Sendable, Equatable {
        package var name: String
        package var documentVersion: String?
        package var versionName: String?
        package var defaultVersion: String?
        package var latestVersion: String?
        package var description: String?
        package var hash: String?
        /// `Sha256` or `Sha1`.
        package var hashType: String?
        /// `Active`, `Creating`, `Updating`, `Deleting` or `Failed`.
        package var status: String?
        package var statusInformation: String?
        package var documentType: String?
        package var owner: String?
    }

    /// A document's version and hash.
    package struct DescribeDocument: JSONAction {
        package static let description = ActionDescription(
            .ssm, "DescribeDocument", roles: [.hub, .spoke, .deploy, .remove],
            reason: "Checks that the document is there and is the one that this version made.")

        /// A name, or the ARN of a document that another account shares.
        package var name: String
        /// A number, `$DEFAULT` or `$LATEST`; nil is the default version.
        package var documentVersion: String?

        package struct Output: Decodable, Sendable { package var document: Document }

        package init(name: String, documentVersion: String? = nil) {
            self.name = name
            self.documentVersion = documentVersion
        }
    }

    /// The versions of a document.
    package struct ListDocumentVersions: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .ssm, "ListDocumentVersions", roles: [.deploy], reason: "Finds the version of a release.")

        package var name: String
        /// 1 to 50.
        package var maxResults = 50
        package var nextToken: String?

        package struct Version: Decodable, Sendable, Equatable {
            package var documentVersion: String
            package var versionName: String?
            package var isDefaultVersion: Bool?
            package var status: String?
        }

        package struct Output: Decodable, Sendable {
            package var documentVersions: [Version]?
            package var nextToken: String?
        }

        package init(name: String) { self.name = name }

        package static func items(_ output: Output) -> [Version] { output.documentVersions ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// Makes a Command document from JSON. It is not active at once.
    package struct CreateDocument: JSONAction {
        package static let description = ActionDescription(
            .ssm, "CreateDocument", roles: [.deploy], reason: "Makes the document in a region.", isIdempotent: false)

        package var name: String
        package var content: String
        package var versionName: String?
        package var documentType = "Command"
        package var documentFormat = "JSON"
        package var tags: [Tag]?

        package struct Tag: Codable, Sendable, Equatable {
            package var key: String
            package var value: String
        }

        package struct Output: Decodable, Sendable { package var documentDescription: Document }

        package init(name: String, content: String, versionName: String? = nil, tags: [String: String] = [:]) {
            self.name = name
            self.content = content
            self.versionName = versionName
            self.tags = tags.isEmpty ? nil : tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) }
        }
    }

    /// Adds a version to a document. The default version stays.
    ///
    /// Content that another version has is `DuplicateDocumentContent`.
    package struct UpdateDocument: JSONAction {
        package static let description = ActionDescription(
            .ssm, "UpdateDocument", roles: [.deploy], reason: "Adds a version to the document.", isIdempotent: false)

        package var name: String
        package var content: String
        package var versionName: String?
        package var documentVersion = "$LATEST"
        package var documentFormat = "JSON"

        package typealias Output = CreateDocument.Output

        package init(name: String, content: String, versionName: String? = nil) {
            self.name = name
            self.content = content
            self.versionName = versionName
        }
    }

    /// Chooses the version that runs where no other is named.
    package struct UpdateDocumentDefaultVersion: JSONAction {
        package static let description = ActionDescription(
            .ssm, "UpdateDocumentDefaultVersion", roles: [.deploy],
            reason: "Chooses the version of the document that runs.")

        package var name: String
        package var documentVersion: String

        package typealias Output = NoOutput

        package init(name: String, documentVersion: String) {
            self.name = name
            self.documentVersion = documentVersion
        }
    }

    /// Removes a document with all its versions. One that is shared is `InvalidDocumentOperation`.
    package struct DeleteDocument: JSONAction {
        package static let description = ActionDescription(
            .ssm, "DeleteDocument", roles: [.remove], reason: "Removes the document when you remove dbcensus.")

        package var name: String

        package typealias Output = NoOutput

        package init(name: String) { self.name = name }
    }

    /// Shares a document with accounts, or takes it from them: at most 20 of each.
    package struct ModifyDocumentPermission: JSONAction {
        package static let description = ActionDescription(
            .ssm, "ModifyDocumentPermission", roles: [.deploy, .remove],
            reason: "Shares the document with the accounts, and takes it from others.")

        package var name: String
        package var permissionType = "Share"
        package var accountIdsToAdd: [String]?
        package var accountIdsToRemove: [String]?
        /// `$DEFAULT`, `$LATEST` or `$ALL`: the versions that are shared.
        package var sharedDocumentVersion: String?

        package typealias Output = NoOutput

        package init(name: String, add: [String] = [], remove: [String] = []) {
            self.name = name
            accountIdsToAdd = add.isEmpty ? nil : add
            accountIdsToRemove = remove.isEmpty ? nil : remove
            // A run that began with one version ends with it, also after another became the default.
            sharedDocumentVersion = add.isEmpty ? nil : "$ALL"
        }
    }

    /// The accounts that a document is shared with.
    package struct DescribeDocumentPermission: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .ssm, "DescribeDocumentPermission", roles: [.deploy, .remove],
            reason: "Finds the accounts with which the document is shared.")

        package var name: String
        package var permissionType = "Share"
        /// 1 to 200.
        package var maxResults = 200
        package var nextToken: String?

        package struct Sharing: Decodable, Sendable, Equatable {
            package var accountId: String
            package var sharedDocumentVersion: String?
        }

        package struct Output: Decodable, Sendable {
            package var accountSharingInfoList: [Sharing]?
            package var nextToken: String?
        }

        package init(name: String) { self.name = name }

        package static func items(_ output: Output) -> [Sharing] { output.accountSharingInfoList ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }
}
