import Crypto
import Foundation
import Synchronization

/// Objects in memory, 64 MB each and 256 MB together, in buckets that all exist.
final class ObjectStore: Sendable {
    static let limit = 64 << 20
    private let objects = Mutex<(bytes: Int, values: [String: [UInt8]])>((0, [:]))
    /// The SHA-256 with which an object was written, in base 64.
    private let checksums = Mutex<[String: String]>([:])

    func get(_ key: String) -> [UInt8]? { objects.withLock { $0.values[key] } }
    func checksum(_ key: String) -> String? { checksums.withLock { $0[key] } }

    func put(_ key: String, _ bytes: [UInt8], checksum: String? = nil) -> Bool {
        checksums.withLock { $0[key] = checksum }
        return keep(key, bytes)
    }

    private func keep(_ key: String, _ bytes: [UInt8]) -> Bool {
        objects.withLock { objects in
            let total = objects.bytes - (objects.values[key]?.count ?? 0) + bytes.count
            guard total <= 4 * Self.limit else { return false }
            objects.bytes = total
            objects.values[key] = bytes
            return true
        }
    }
}

extension Call {
    /// `/bucket/key` alone. Source: Amazon S3 API Reference, version 2006-03-01.
    func s3() throws(AWSFailure) -> Answer {
        guard let key = request.path.dropFirst().removingPercentEncoding, key.contains("/"), !key.hasSuffix("/") else {
            throw AWSFailure("NotImplemented", "fleet-simulator has objects and no actions of buckets", status: 501)
        }
        func headers(_ bytes: [UInt8]) -> [String: String] {
            var headers = [
                "ETag": "\"\(Signature.hex(Insecure.MD5.hash(data: bytes)))\"", "Content-Type": "binary/octet-stream",
            ]
            if action == "PutObject" || request.header("x-amz-checksum-mode") == "ENABLED" {
                headers["x-amz-checksum-sha256"] = simulator.objects.checksum(key)
            }
            return headers
        }
        switch action {
        case "PutObject":
            let checksum = request.header("x-amz-checksum-sha256")
            guard checksum == nil || checksum == Data(SHA256.hash(data: request.body)).base64EncodedString() else {
                throw AWSFailure("BadDigest", "The SHA256 you specified did not match the calculated checksum.")
            }
            guard simulator.objects.put(key, request.body, checksum: checksum) else {
                throw AWSFailure("EntityTooLarge", "fleet-simulator keeps 256 MB of objects")
            }
            return .object(nil, headers: headers(request.body))
        case "GetObject", "HeadObject":
            guard let bytes = simulator.objects.get(key) else {
                throw AWSFailure("NoSuchKey", "The specified key does not exist.", status: 404)
            }
            if let last = request.header("range")?.firstMatch(of: /^bytes=0-([0-9]+)$/).flatMap({ Int($0.1) }) {
                return .object(Array(bytes.prefix(last + 1)), headers: headers(bytes))
            }
            return .object(bytes, headers: headers(bytes))
        default: throw unknownAction
        }
    }
}
