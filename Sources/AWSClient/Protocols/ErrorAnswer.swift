import Foundation

/// An answer with a status of 300 and above: what the service says, and what kind of error it is.
struct ErrorAnswer {
    var code: String?
    var message: String
    var requestID: String?
    var kind: AWSError.Kind
    /// Another attempt may help.
    var isTransient: Bool

    /// A clock that is off by more is named as the cause of a refused signature; AWS allows 5 minutes.
    static let skewLimit: TimeInterval = 4 * 60
    private static let messageLength = 500
    private static let wordLength = 128

    init(_ answer: HTTPAnswer, service: AWSService, now: Date) {
        requestID =
            answer.header("x-amzn-requestid") ?? answer.header("x-amz-request-id") ?? answer.header("x-amzn-request-id")
        var text: String?
        if case .json = service.wire {
            Self.readJSON(answer, &code, &text)
        } else {
            Self.readXML(answer, &code, &text, &requestID)
        }
        if let type = answer.header("x-amzn-errortype") { code = type }
        // com.amazonaws.ssm#Name and Name:http://… are the long forms.
        code = code.map { String(($0.prefix { $0 != ":" }.split(separator: "#").last ?? "").prefix(Self.wordLength)) }
        requestID = requestID.map { String($0.prefix(Self.wordLength)) }
        message =
            text.map { String($0.prefix(Self.messageLength)) }
            ?? "the service answered with status \(answer.status)"
        kind = Self.kind(code ?? "", message, answer.status)
        isTransient = kind == .throttled || kind == .unavailable || Self.transient.contains(code ?? "")
        explain(answer, now)
    }

    private mutating func explain(_ answer: HTTPAnswer, _ now: Date) {
        if [.skewedClock, .expired, .other, .denied, .invalid].contains(kind), Self.signatureCodes.contains(code ?? ""),
            let theirs = answer.header("date").flatMap(AWSDate.header)
        {
            let ahead = now.timeIntervalSince(theirs)
            if abs(ahead) > Self.skewLimit {
                kind = .skewedClock
                let minutes = Int((abs(ahead) / 60).rounded())
                message =
                    "this machine's clock is \(minutes) minutes \(ahead > 0 ? "ahead of" : "behind") AWS's: run an NTP "
                    + "client. AWS: \(message)"
            }
        }
        if kind == .redirected {
            let region =
                answer.header("x-amz-bucket-region").map { " the region \($0)" } ?? " another region or address"
            message = "the service sends the request to\(region): set that region. AWS: \(message)"
        }
        if code == nil, kind == .malformed || kind == .other {
            message = AnswerText.notFrom("error", answer, nil)
        }
    }

    private static func readJSON(_ answer: HTTPAnswer, _ code: inout String?, _ text: inout String?) {
        struct Body: Decodable {
            var __type: String?
            var code: String?
            var message: String?
            var Message: String?
        }
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else { return }
        code = body.__type ?? body.code
        text = body.message ?? body.Message
    }

    private static func readXML(
        _ answer: HTTPAnswer, _ code: inout String?, _ text: inout String?, _ requestID: inout String?
    ) {
        guard let xml = try? XMLNode.parse(answer) else { return }
        // Query: ErrorResponse/Error; EC2: Response/Errors/Error; S3: Error.
        let error = xml.name == "Error" ? xml : xml.at("Error") ?? xml.at("Errors/Error")
        code = error?.text("Code")
        text = error?.text("Message")
        requestID = xml.text("RequestId") ?? xml.text("RequestID") ?? error?.text("RequestId") ?? requestID
    }

    private static func kind(_ code: String, _ message: String, _ status: Int) -> AWSError.Kind {
        if throttling.contains(code) || status == 429 { return .throttled }
        if expired.contains(code) { return .expired }
        if skewed.contains(code) { return .skewedClock }
        if denied.contains(code) || (code.isEmpty && status == 403) {
            return message.contains("service control policy") ? .deniedBySCP : .denied
        }
        if unrecognized.contains(code) { return .unrecognizedCredentials }
        if code == "OptInRequired" { return .regionDisabled }
        if missing.contains(code) || code.hasSuffix("NotFound") || code.hasSuffix("NotFoundException") || status == 404
        {
            return .notFound
        }
        if (500...504).contains(status) { return .unavailable }
        if (300..<400).contains(status) { return .redirected }
        if code.hasPrefix("Invalid") || code.hasPrefix("Validation") || code.hasPrefix("Missing") { return .invalid }
        return code.isEmpty ? .malformed : .other
    }

    private static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]
    private static let transient: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "InternalServerError",
        "ServiceUnavailable", "IDPCommunicationError",
    ]
    private static let expired: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
    ]
    private static let skewed: Set<String> = ["RequestTimeTooSkewed", "RequestInTheFuture"]
    private static let denied: Set<String> = [
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized",
        "AuthorizationErrorException", "AllAccessDisabled",
    ]
    private static let unrecognized: Set<String> = [
        "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "InvalidAccessKeyId",
    ]
    private static let missing: Set<String> = [
        "InvocationDoesNotExist", "InvalidDocument", "NoSuchKey", "NoSuchBucket",
    ]
    /// What a service calls a signature whose time it does not accept.
    private static let signatureCodes: Set<String> = skewed.union([
        "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidSignature", "RequestExpired", "AccessDenied",
        "AuthFailure",
    ])
}
