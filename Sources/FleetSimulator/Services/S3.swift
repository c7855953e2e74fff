import Crypto
import Foundation
import Synchronization

/// Objects in memory, 64 MB each and 256 MB together, in buckets that all exist.
final class ObjectStore: Sendable {
    static let limit = 64 << 20
    private let objects = Mutex<(bytes: Int, values: [String: [UInt8]])>((0, [:]))

    func get(_ key: String) -> [UInt8]? { objects.withLock { $0.values[key] } }

    func put(_ key: String, _ bytes: [UInt8]) -> Bool {
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
            ["ETag": "\"\(Signature.hex(Insecure.MD5.hash(data: bytes)))\"", "Content-Type": "binary/octet-stream"]
        }
        switch action {
        case "PutObject":
            guard simulator.objects.put(key, request.body) else {
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
