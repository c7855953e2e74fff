/// An action of S3: a method on a bucket's object.
///
/// Source: Amazon S3 API Reference; "Virtual hosting of buckets".
package protocol RESTAction: AWSAction {
    static var method: String { get }
    var bucket: String { get }
    var key: String { get }
    var headers: [NamedValue] { get }
    var body: [UInt8] { get }
}

extension RESTAction {
    package var headers: [NamedValue] { [] }
    package var body: [UInt8] { [] }

    package func call(to origin: Origin, path: String, isOwnEndpoint: Bool) throws(AWSError) -> HTTPCall {
        guard Self.isBucketName(bucket) else {
            throw AWSError(
                .invalid, "\(bucket) is not a bucket's name: 3 to 63 small letters, digits, dots and hyphens")
        }
        guard !key.isEmpty, key.utf8.count <= 1_024 else {
            throw AWSError(.invalid, "an object's key has 1 to 1,024 bytes")
        }
        let object = "/" + PercentEncoding.encode(key, keepingSlashes: true)
        // A dot in the name does not match the certificate of *.s3.<region>; an own endpoint may have no such names.
        guard !isOwnEndpoint, !bucket.contains(".") else {
            return HTTPCall(Self.method, origin, path: "\(path)/\(bucket)\(object)", headers: headers, body: body)
        }
        var origin = origin
        origin.host = "\(bucket).\(origin.host)"
        return HTTPCall(Self.method, origin, path: path + object, headers: headers, body: body)
    }

    private static func isBucketName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && !name.contains("..")
            && name.wholeMatch(of: #/[a-z0-9][a-z0-9.-]*[a-z0-9]/#) != nil
    }
}
