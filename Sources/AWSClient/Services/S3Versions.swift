/// What removes a bucket with versions. Source: Amazon S3 API Reference, version 2006-03-01.
extension S3 {
    /// A version of an object, or the mark of one that was deleted.
    package struct Version: Sendable, Equatable {
        package var key: String
        package var id: String
    }

    /// All versions below a prefix.
    package struct ListObjectVersions: RESTAction, PagedAction {
        package static let description = ActionDescription(
            .s3, "ListObjectVersions", roles: [.remove], reason: "Finds the agents in their bucket.",
            permission: "s3:ListBucketVersions")
        package static let method = "GET"
        package static var isOfBucket: Bool { true }

        package typealias Output = XMLNode

        package var bucket: String
        /// The key and the version where the next page begins, with a line end between them.
        package var nextToken: String?

        package init(bucket: String) { self.bucket = bucket }

        package var key: String { "" }
        package var query: [NamedValue] {
            let marks = nextToken?.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false) ?? []
            return [NamedValue("versions", "")]
                + zip(["key-marker", "version-id-marker"], marks).filter { !$0.1.isEmpty }.map {
                    NamedValue($0.0, String($0.1))
                }
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> XMLNode { try XMLNode.parse(answer) }
        package static func items(_ output: XMLNode) -> [Version] {
            output.children.filter { $0.name == "Version" || $0.name == "DeleteMarker" }.compactMap { child in
                guard let key = child.text("Key"), let id = child.text("VersionId") else { return nil }
                return Version(key: key, id: id)
            }
        }
        package static func nextToken(_ output: XMLNode) -> String? {
            guard output.text("IsTruncated") == "true", let key = output.text("NextKeyMarker") else { return nil }
            return "\(key)\n\(output.text("NextVersionIdMarker") ?? "")"
        }
    }

    /// Removes one version of an object for good.
    package struct DeleteObjectVersion: RESTAction {
        package static let description = ActionDescription(
            .s3, "DeleteObjectVersion", roles: [.remove], reason: "Removes the agents from their bucket.")
        package static let method = "DELETE"

        package typealias Output = Void

        package var bucket: String
        package var key: String
        package var version: String

        package init(bucket: String, key: String, version: String) {
            self.bucket = bucket
            self.key = key
            self.version = version
        }

        package var query: [NamedValue] { [NamedValue("versionId", version)] }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) {}
    }

    /// Removes a bucket that is empty.
    package struct DeleteBucket: RESTAction {
        package static let description = ActionDescription(
            .s3, "DeleteBucket", roles: [.remove], reason: "Removes the bucket of the agents.")
        package static let method = "DELETE"
        package static var isOfBucket: Bool { true }

        package typealias Output = Void

        package var bucket: String

        package init(bucket: String) { self.bucket = bucket }

        package var key: String { "" }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) {}
    }
}
