/// An action of S3: a method on a bucket's object, or on the bucket.
///
/// Source: Amazon S3 API Reference; "Virtual hosting of buckets".
package protocol RESTAction: AWSAction {
    static var method: String { get }
    /// Whether it is about the bucket; then its key is empty.
    static var isOfBucket: Bool { get }
    var bucket: String { get }
    var key: String { get }
    /// What follows the path, not encoded.
    var query: [NamedValue] { get }
    var headers: [NamedValue] { get }
    var body: [UInt8] { get }
}

extension RESTAction {
    package static var isOfBucket: Bool { false }
    package var query: [NamedValue] { [] }
    package var headers: [NamedValue] { [] }
    package var body: [UInt8] { [] }

    package func call(to origin: Origin, path: String, isOwnEndpoint: Bool) throws(AWSError) -> HTTPCall {
        guard Self.isBucketName(bucket) else {
            throw AWSError(
                .invalid, "\(bucket) is not a bucket's name: 3 to 63 small letters, digits, dots and hyphens")
        }
        guard key.utf8.count <= 1_024, key.isEmpty == Self.isOfBucket else {
            throw AWSError(.invalid, "an object's key has 1 to 1,024 bytes")
        }
        let object = key.isEmpty ? "" : "/" + PercentEncoding.encode(key, keepingSlashes: true)
        // A dot in the name does not match the certificate of *.s3.<region>; an own endpoint may have no such names.
        guard !isOwnEndpoint, !bucket.contains(".") else {
            return HTTPCall(
                Self.method, origin, path: "\(path)/\(bucket)\(object)", query: query, headers: headers, body: body)
        }
        var origin = origin
        origin.host = "\(bucket).\(origin.host)"
        let whole = path + (object.isEmpty ? "/" : object)
        return HTTPCall(Self.method, origin, path: whole, query: query, headers: headers, body: body)
    }

    private static func isBucketName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && !name.contains("..")
            && name.wholeMatch(of: #/[a-z0-9][a-z0-9.-]*[a-z0-9]/#) != nil
    }
}
