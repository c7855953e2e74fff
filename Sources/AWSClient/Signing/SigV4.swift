import Crypto
import Foundation

/// AWS Signature Version 4 for headers and for presigned queries.
///
/// Source: "Create a signed AWS API request", IAM User Guide. Tests run the aws-signing-test-suite.
package struct SigV4: Sendable {
    package var credentials: AWSCredentials
    package var region: String
    /// The service's signing name, such as `ssm`.
    package var service: String
    package var date: Date
    /// Resolves dot segments. S3 takes a key as it is.
    package var normalizesPath = true
    /// Encodes the path once more. S3 does not.
    package var encodesPath = true
    /// Adds the header `x-amz-content-sha256`, which S3 wants.
    package var addsBodyHash = false
    /// Leaves the session token out of the signature.
    package var omitsSessionToken = false

    static let algorithm = "AWS4-HMAC-SHA256"
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    /// The hash that a presigned S3 request carries.
    package static let unsigned = "UNSIGNED-PAYLOAD"

    /// What is signed, for tests and for errors.
    struct Canonical: Equatable {
        var request: String
        var stringToSign: String
        var signature: String
        var signedHeaders: String
    }

    package init(credentials: AWSCredentials, region: String, service: String, date: Date) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.date = date
    }

    /// `call` with the headers that sign it.
    package func sign(_ call: HTTPCall) -> HTTPCall {
        var call = call
        let hash = Self.hash(call.body)
        call.headers.append(NamedValue("X-Amz-Date", timestamp))
        if addsBodyHash { call.headers.append(NamedValue("X-Amz-Content-Sha256", hash)) }
        let token = credentials.sessionToken.map { NamedValue("X-Amz-Security-Token", $0) }
        if let token, !omitsSessionToken { call.headers.append(token) }
        let signed = canonical(call, hash: hash)
        if let token, omitsSessionToken { call.headers.append(token) }
        call.headers.append(
            NamedValue(
                "Authorization",
                "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(signed.signedHeaders), "
                    + "Signature=\(signed.signature)"))
        return call
    }

    /// `call` with a query that signs it for `seconds`: whoever has its URL may send it, until then or until the
    /// credentials expire.
    package func presign(_ call: HTTPCall, seconds: Int, hash: String = unsigned) -> HTTPCall {
        var call = call
        let names = signedHeaders(call).map(\.name).joined(separator: ";")
        call.query += [
            NamedValue("X-Amz-Algorithm", Self.algorithm),
            NamedValue("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"),
            NamedValue("X-Amz-Date", timestamp), NamedValue("X-Amz-Expires", String(seconds)),
            NamedValue("X-Amz-SignedHeaders", names),
        ]
        let token = credentials.sessionToken.map { NamedValue("X-Amz-Security-Token", $0) }
        if let token, !omitsSessionToken { call.query.append(token) }
        let signature = canonical(call, hash: hash).signature
        if let token, omitsSessionToken { call.query.append(token) }
        call.query.append(NamedValue("X-Amz-Signature", signature))
        return call
    }

    func canonical(_ call: HTTPCall, hash: String) -> Canonical {
        let headers = signedHeaders(call)
        let query = call.query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let names = headers.map(\.name).joined(separator: ";")
        let request = [
            call.method, canonicalPath(call.path), query, headers.map { "\($0.name):\($0.value)\n" }.joined(), names,
            hash,
        ].joined(separator: "\n")
        let text = [Self.algorithm, timestamp, scope, Self.hash(Array(request.utf8))].joined(separator: "\n")
        let signature = Self.hex(Self.hmac(signingKey, text))
        return Canonical(request: request, stringToSign: text, signature: signature, signedHeaders: names)
    }

    /// Headers in lower case, sorted, one for each name, blanks folded; `host` is always among them.
    private func signedHeaders(_ call: HTTPCall) -> [NamedValue] {
        var values: [String: [String]] = ["host": [call.origin.authority]]
        for header in call.headers {
            let words = header.value.split(whereSeparator: \.isWhitespace)
            values[header.name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        return values.sorted { $0.key < $1.key }.map { NamedValue($0.key, $0.value.joined(separator: ",")) }
    }

    private func canonicalPath(_ path: String) -> String {
        let path = normalizesPath ? resolved(path) : path
        return encodesPath ? PercentEncoding.encode(path, keepingSlashes: true) : path
    }

    /// Without empty segments, `.` and `..` (RFC 3986, section 5.2.4).
    private func resolved(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let resolved = "/" + segments.joined(separator: "/")
        let isFolder = path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        return isFolder && !segments.isEmpty ? resolved + "/" : resolved
    }

    private var timestamp: String { Self.timestamp(date) }
    private var scope: String { "\(timestamp.prefix(8))/\(region)/\(service)/aws4_request" }

    private var signingKey: [UInt8] {
        ["\(timestamp.prefix(8))", region, service, "aws4_request"].reduce(
            Array("AWS4\(credentials.secretAccessKey)".utf8)
        ) { Self.hmac($0, $1) }
    }

    /// `20150830T123600Z`.
    static func timestamp(_ date: Date) -> String {
        let parts = Calendar.utc.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        return "\(parts.year ?? 0)\(two(parts.month))\(two(parts.day))T\(two(parts.hour))\(two(parts.minute))"
            + "\(two(parts.second))Z"
    }

    static func hash(_ bytes: [UInt8]) -> String { bytes.isEmpty ? emptyHash : hex(SHA256.hash(data: bytes)) }

    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Calendar {
    static let utc: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()
}
