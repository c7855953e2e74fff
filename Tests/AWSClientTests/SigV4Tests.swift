import Foundation
import Testing

@testable import AWSClient

/// The aws-signing-test-suite, where it is present, and one of its cases in any case.
@Suite("SigV4")
struct SigV4Tests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../../shared/vectors/sigv4"
    ).standardizedFileURL
    static let cases: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []

    struct Context: Decodable {
        struct Credentials: Decodable {
            var access_key_id: String
            var secret_access_key: String
            var token: String?
        }
        var credentials: Credentials
        var expiration_in_seconds: Int
        var normalize: Bool
        var region: String
        var service: String
        var sign_body: Bool
        var omit_session_token: Bool?
        var timestamp: String

        var signer: SigV4 {
            var signer = SigV4(
                credentials: AWSCredentials(
                    accessKeyID: credentials.access_key_id, secretAccessKey: credentials.secret_access_key,
                    sessionToken: credentials.token, source: "the vector"),
                region: region, service: service, date: AWSDate.parse(timestamp) ?? .distantPast)
            signer.normalizesPath = normalize
            signer.addsBodyHash = sign_body
            signer.omitsSessionToken = omit_session_token ?? false
            return signer
        }
    }

    static func call(_ text: String) -> HTTPCall {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\n")
        let method = String(lines[0].prefix { $0 != " " })
        let target = lines[0].dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var call = HTTPCall(method, Origin(host: "example.amazonaws.com"), path: String(halves[0]))
        for item in halves.count > 1 ? halves[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.removingPercentEncoding ?? String($0)
            }
            call.query.append(NamedValue(pair[0], pair.count > 1 ? pair[1] : ""))
        }
        for line in lines.dropFirst() {
            if line.first == " " {
                call.headers[call.headers.count - 1].value += "\n" + line
            } else {
                let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                if pair[0].lowercased() != "host" { call.headers.append(NamedValue(pair[0], pair[1])) }
            }
        }
        if parts.count > 1 { call.body = Array(parts[1].utf8) }
        return call
    }

    /// What a signed call carries, without the names of its own.
    static func canonical(_ signer: SigV4, _ call: HTTPCall, signed: HTTPCall) -> SigV4.Canonical {
        var copy = call
        copy.headers += signed.headers.dropFirst(call.headers.count).filter {
            $0.name != "Authorization" && !(signer.omitsSessionToken && $0.name == "X-Amz-Security-Token")
        }
        copy.query += signed.query.dropFirst(call.query.count).filter {
            $0.name != "X-Amz-Signature" && !(signer.omitsSessionToken && $0.name == "X-Amz-Security-Token")
        }
        return signer.canonical(copy, hash: SigV4.hash(call.body))
    }

    @Test(
        "the aws-signing-test-suite: canonical request, string to sign and signature, in headers and in the query",
        .enabled(if: !cases.isEmpty, "../shared/vectors/sigv4 is missing"), arguments: cases)
    func vectors(name: String) throws {
        func text(_ file: String) throws -> String {
            try String(contentsOf: Self.folder.appending(path: "\(name)/\(file)"), encoding: .utf8)
        }
        let context = try JSONDecoder().decode(Context.self, from: Data(text("context.json").utf8))
        let signer = context.signer
        let call = Self.call(try text("request.txt"))

        let signed = signer.sign(call)
        let header = Self.canonical(signer, call, signed: signed)
        #expect(header.request == (try text("header-canonical-request.txt")))
        #expect(header.stringToSign == (try text("header-string-to-sign.txt")))
        #expect(header.signature == (try text("header-signature.txt")))
        let authorization = try text("header-signed-request.txt").split(separator: "\n").first {
            $0.hasPrefix("Authorization:")
        }
        #expect(signed.headers.first { $0.name == "Authorization" }?.value == authorization?.dropFirst(14).description)

        let presigned = signer.presign(
            call, seconds: context.expiration_in_seconds, hash: SigV4.hash(call.body))
        let query = Self.canonical(signer, call, signed: presigned)
        #expect(query.request == (try text("query-canonical-request.txt")))
        #expect(query.stringToSign == (try text("query-string-to-sign.txt")))
        #expect(presigned.query.last == NamedValue("X-Amz-Signature", try text("query-signature.txt")))
    }

    @Test("a request without the suite: get-vanilla")
    func vanilla() {
        let signer = SigV4(
            credentials: AWSCredentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", source: "test"),
            region: "us-east-1", service: "service", date: AWSDate.parse("2015-08-30T12:36:00Z") ?? .distantPast)
        let signed = signer.sign(HTTPCall("GET", Origin(host: "example.amazonaws.com")))
        #expect(
            signed.headers.last?.value
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, "
                + "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    }

    @Test("no description of credentials holds a secret")
    func secrets() {
        let key = AWSCredentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "hush", source: "x")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains("hush"))
    }
}
