import Foundation

extension AWSService {
    /// Amazon S3.
    package static let s3 = AWSService(id: "S3", prefix: "s3", wire: .rest)
}

/// Amazon S3, API version 2006-03-01.
package enum S3 {
    /// What is known of an object.
    package struct Object: Sendable, Equatable {
        /// Empty after HeadObject.
        package var body: [UInt8]
        package var length: Int?
        package var etag: String?
        package var contentType: String?
        /// The SHA-256 that S3 keeps, in base 64; nil for objects that were written without one.
        package var sha256: String?

        init(_ answer: HTTPAnswer) {
            body = answer.body
            length = answer.header("content-length").flatMap { Int($0) }
            etag = answer.header("etag")
            contentType = answer.header("content-type")
            sha256 = answer.header("x-amz-checksum-sha256")
        }
    }

    /// An object with its bytes: at most 64 MiB.
    package struct GetObject: RESTAction {
        package static let description = ActionDescription(
            .s3, "GetObject", roles: [.hub, .backup],
            reason: "Signs the URL by which hosts fetch the agent; reads a backup to check it.")
        package static let method = "GET"
        package static var answerLimit: Int { 64 << 20 }

        package var bucket: String
        package var key: String
        /// Only these bytes; nil for all. Not empty.
        package var bytes: Range<Int>?

        package init(bucket: String, key: String, bytes: Range<Int>? = nil) {
            self.bucket = bucket
            self.key = key
            self.bytes = bytes
        }

        package var headers: [NamedValue] {
            bytes.map { [NamedValue("Range", "bytes=\($0.lowerBound)-\($0.upperBound - 1)")] } ?? []
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> Object {
            let object = Object(answer)
            guard object.length == nil || object.length == object.body.count else {
                throw AWSError(
                    .malformed,
                    "the object has \(object.body.count) bytes instead of the \(object.length ?? 0) announced")
            }
            return object
        }
    }

    /// Whether an object is there, and how long it is.
    package struct HeadObject: RESTAction {
        package static let description = ActionDescription(
            .s3, "HeadObject", roles: [.hub, .deploy, .backup],
            reason: "Checks that the agent is in its bucket, and how long a backup is.",
            permission: "s3:GetObject")
        package static let method = "HEAD"

        package var bucket: String
        package var key: String

        package init(bucket: String, key: String) {
            self.bucket = bucket
            self.key = key
        }

        package var headers: [NamedValue] { [NamedValue("x-amz-checksum-mode", "ENABLED")] }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> Object { Object(answer) }
    }

    /// Writes an object.
    package struct PutObject: RESTAction {
        package static let description = ActionDescription(
            .s3, "PutObject", roles: [.deploy, .export], reason: "Writes the agent or an export.")
        package static let method = "PUT"

        package var bucket: String
        package var key: String
        package var body: [UInt8]
        package var contentType: String
        /// The SHA-256 of the body in base 64: S3 refuses another body, and keeps it.
        package var sha256: String?

        package init(
            bucket: String, key: String, body: [UInt8], contentType: String = "application/octet-stream",
            sha256: String? = nil
        ) {
            self.bucket = bucket
            self.key = key
            self.body = body
            self.contentType = contentType
            self.sha256 = sha256
        }

        package var headers: [NamedValue] {
            [NamedValue("Content-Type", contentType)] + (sha256.map { [NamedValue("x-amz-checksum-sha256", $0)] } ?? [])
        }

        package static func output(_ answer: HTTPAnswer) throws(AWSError) -> Object { Object(answer) }
    }
}
