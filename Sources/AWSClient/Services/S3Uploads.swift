/// Objects that are too large for one request: they are written in parts, and are there when the last call succeeds.
extension S3 {
    /// Begins an upload. The answer is its id.
    package struct CreateMultipartUpload: RESTAction {
        package static let description = ActionDescription(
            .s3, "CreateMultipartUpload", roles: [.backup], reason: "Begins to write a backup.",
            permission: "s3:PutObject", isIdempotent: false)
        package static let method = "POST"

        package typealias Output = String

        package var bucket: String
        package var key: String
        /// A key of AWS KMS: its id, ARN or alias. The bucket's own setting without it.
        package var encryptionKey: String?

        package init(bucket: String, key: String, encryptionKey: String? = nil) {
            self.bucket = bucket
            self.key = key
            self.encryptionKey = encryptionKey
        }

        package var query: [NamedValue] { [NamedValue("uploads", "")] }
        package var headers: [NamedValue] {
            [NamedValue("Content-Type", "application/vnd.sqlite3")]
                + (encryptionKey.map {
                    [
                        NamedValue("x-amz-server-side-encryption", "aws:kms"),
                        NamedValue("x-amz-server-side-encryption-aws-kms-key-id", $0),
                    ]
                } ?? [])
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> String {
            try XMLNode.parse(answer).required("UploadId")
        }
    }

    /// Writes one part: 5 MiB to 5 GiB, the last one may be shorter. The answer is its ETag.
    package struct UploadPart: RESTAction {
        package static let description = ActionDescription(
            .s3, "UploadPart", roles: [.backup], reason: "Writes a part of a backup.", permission: "s3:PutObject")
        package static let method = "PUT"
        package static var timeout: Duration { .seconds(300) }

        package typealias Output = String

        package var bucket: String
        package var key: String
        package var upload: String
        /// 1 to 10,000.
        package var number: Int
        package var body: [UInt8]

        package init(bucket: String, key: String, upload: String, number: Int, body: [UInt8]) {
            self.bucket = bucket
            self.key = key
            self.upload = upload
            self.number = number
            self.body = body
        }

        package var query: [NamedValue] {
            [NamedValue("partNumber", "\(number)"), NamedValue("uploadId", upload)]
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> String {
            guard let tag = answer.header("etag") else {
                throw AWSError(.malformed, "the answer has no ETag: a proxy may have removed it")
            }
            return tag
        }
    }

    /// Makes the object of its parts.
    package struct CompleteMultipartUpload: RESTAction {
        package static let description = ActionDescription(
            .s3, "CompleteMultipartUpload", roles: [.backup], reason: "Ends writing a backup.",
            permission: "s3:PutObject", isIdempotent: false)
        package static let method = "POST"
        package static var timeout: Duration { .seconds(600) }

        package typealias Output = Void

        package var bucket: String
        package var key: String
        package var upload: String
        /// The ETags of the parts, from the first to the last.
        package var tags: [String]

        package init(bucket: String, key: String, upload: String, tags: [String]) {
            self.bucket = bucket
            self.key = key
            self.upload = upload
            self.tags = tags
        }

        package var query: [NamedValue] { [NamedValue("uploadId", upload)] }
        package var headers: [NamedValue] { [NamedValue("Content-Type", "application/xml")] }
        package var body: [UInt8] {
            let parts = tags.enumerated().map { index, tag in
                let tag = tag.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
                return "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
            }
            return Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
        }

        /// S3 may answer with status 200 and an error.
        package static func output(_ answer: HTTPAnswer) throws(AWSError) {
            let root = try XMLNode.parse(answer)
            guard root.name != "Error" else {
                throw AWSError(
                    .other, root.text("Message") ?? "S3 could not put the parts together", code: root.text("Code"))
            }
        }
    }

    /// Removes the parts of an upload that did not end.
    package struct AbortMultipartUpload: RESTAction {
        package static let description = ActionDescription(
            .s3, "AbortMultipartUpload", roles: [.backup], reason: "Removes the parts of a backup that failed.")
        package static let method = "DELETE"

        package typealias Output = Void

        package var bucket: String
        package var key: String
        package var upload: String

        package init(bucket: String, key: String, upload: String) {
            self.bucket = bucket
            self.key = key
            self.upload = upload
        }

        package var query: [NamedValue] { [NamedValue("uploadId", upload)] }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) {}
    }

    /// The keys below a prefix.
    package struct ListObjectsV2: RESTAction, PagedAction {
        package static let description = ActionDescription(
            .s3, "ListObjectsV2", roles: [.backup], reason: "Finds the backups in their bucket.",
            permission: "s3:ListBucket")
        package static let method = "GET"
        package static var isOfBucket: Bool { true }

        package typealias Output = XMLNode

        package var bucket: String
        package var prefix: String
        package var nextToken: String?

        package init(bucket: String, prefix: String) {
            self.bucket = bucket
            self.prefix = prefix
        }

        package var key: String { "" }
        package var query: [NamedValue] {
            [NamedValue("list-type", "2"), NamedValue("prefix", prefix)]
                + (nextToken.map { [NamedValue("continuation-token", $0)] } ?? [])
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> XMLNode { try XMLNode.parse(answer) }
        package static func items(_ output: XMLNode) -> [String] {
            output.children.filter { $0.name == "Contents" }.compactMap { $0.text("Key") }
        }
        package static func nextToken(_ output: XMLNode) -> String? { output.text("NextContinuationToken") }
    }

    /// Removes an object; in a bucket with versions, it hides it.
    package struct DeleteObject: RESTAction {
        package static let description = ActionDescription(
            .s3, "DeleteObject", roles: [.backup], reason: "Removes a backup that is older than those to keep.")
        package static let method = "DELETE"

        package typealias Output = Void

        package var bucket: String
        package var key: String

        package init(bucket: String, key: String) {
            self.bucket = bucket
            self.key = key
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) {}
    }
}
