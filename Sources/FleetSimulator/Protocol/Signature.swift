import Crypto
import Foundation

/// Checks Signature Version 4 of headers and of presigned queries.
///
/// Source: "Create a signed AWS API request", IAM User Guide.
struct Signature: Sendable {
    var accessKey: String
    var date: String
    var region: String
    var service: String
    var signedHeaders: [Substring]
    var signature: String
    var timestamp: String
    var token: String?
    /// Seconds that a presigned query is good for.
    var expires: Int?

    /// The signature that a request carries; nil without one that can be read.
    init?(_ request: HTTPCall) {
        let credential: String
        if let header = request.header("authorization"), header.hasPrefix("AWS4-HMAC-SHA256 ") {
            var fields: [Substring: Substring] = [:]
            for part in header.dropFirst(17).split(separator: ",") {
                let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { fields[pair[0]] = pair[1] }
            }
            guard let name = fields["Credential"], let headers = fields["SignedHeaders"],
                let value = fields["Signature"]
            else { return nil }
            credential = String(name)
            signedHeaders = headers.split(separator: ";")
            signature = String(value)
            timestamp = request.header("x-amz-date") ?? ""
            token = request.header("x-amz-security-token")
        } else if let name = request.queryValue("X-Amz-Credential"), let value = request.queryValue("X-Amz-Signature"),
            let headers = request.queryValue("X-Amz-SignedHeaders"),
            let seconds = request.queryValue("X-Amz-Expires").flatMap({ Int($0) })
        {
            credential = name
            signedHeaders = headers.split(separator: ";").map { Substring($0) }
            signature = value
            timestamp = request.queryValue("X-Amz-Date") ?? ""
            token = request.queryValue("X-Amz-Security-Token")
            expires = seconds
        } else {
            return nil
        }
        let scope = credential.split(separator: "/").map(String.init)
        guard scope.count == 5, scope[4] == "aws4_request" else { return nil }
        (accessKey, date, region, service) = (scope[0], scope[1], scope[2], scope[3])
    }

    /// Whether `secret` made this signature of the request.
    func isMade(by secret: String, of request: HTTPCall) -> Bool {
        let key = [date, region, service, "aws4_request"].reduce(Array("AWS4\(secret)".utf8)) { Self.hmac($0, $1) }
        var query = request.query.split(separator: "&").map { $0.contains("=") ? String($0) : "\($0)=" }
        var hash = request.header("x-amz-content-sha256") ?? Self.hash(request.body)
        if expires != nil {
            query.removeAll { $0.hasPrefix("X-Amz-Signature=") }
            hash = "UNSIGNED-PAYLOAD"
        }
        if hash.count == 64, hash != Self.hash(request.body) { return false }
        query.sort { ($0.split(separator: "=").first ?? "", $0) < ($1.split(separator: "=").first ?? "", $1) }
        let headers = signedHeaders.map { name in
            let value = request.header(String(name)) ?? ""
            return "\(name):\(value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " "))\n"
        }
        let canonical = [
            request.method, request.path, query.joined(separator: "&"), headers.joined(),
            signedHeaders.joined(separator: ";"), hash,
        ].joined(separator: "\n")
        let text =
            "AWS4-HMAC-SHA256\n\(timestamp)\n\(date)/\(region)/\(service)/aws4_request\n\(Self.hash(Array(canonical.utf8)))"
        return Self.hex(Self.hmac(key, text)) == signature && signedHeaders.contains("host")
    }

    /// How many seconds the request is older than now; nil for a time that cannot be read.
    var age: TimeInterval? {
        // ISO 8601's basic form, such as 20261101T120000Z.
        let digits = Array(timestamp)
        guard digits.count == 16 else { return nil }
        let text =
            [0..<4, 4..<6, 6..<8].map { String(digits[$0]) }.joined(separator: "-") + "T"
            + [9..<11, 11..<13, 13..<15].map { String(digits[$0]) }.joined(separator: ":") + "Z"
        return (try? Date(text, strategy: .iso8601)).map { -$0.timeIntervalSinceNow }
    }

    static func hash(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}
