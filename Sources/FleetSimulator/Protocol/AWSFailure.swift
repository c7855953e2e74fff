/// An error as a service answers it.
struct AWSFailure: Error, Sendable {
    var code: String
    var message: String
    var status = 400

    init(_ code: String, _ message: String, status: Int = 400) {
        self.code = code
        self.message = message
        self.status = status
    }

    static func validation(_ message: String) -> AWSFailure { AWSFailure("ValidationException", message) }
}

/// What one service calls the errors that all have.
///
/// Sources: each service's page "Common Errors", and botocore's retry codes.
enum Service: String, Sendable, CaseIterable {
    case sts, organizations, ec2, ssm, s3, sns

    /// What is served of it.
    var actions: [String] {
        switch self {
        case .sts: ["GetCallerIdentity", "AssumeRole"]
        case .organizations:
            [
                "ListAccounts", "ListRoots", "ListOrganizationalUnitsForParent", "ListAccountsForParent",
                "ListTagsForResource",
            ]
        case .ec2: ["DescribeRegions", "DescribeInstances"]
        case .ssm:
            [
                "DescribeInstanceInformation", "SendCommand", "ListCommandInvocations", "GetCommandInvocation",
                "CancelCommand", "CreateDocument", "UpdateDocument", "UpdateDocumentDefaultVersion", "DeleteDocument",
                "DescribeDocument", "GetDocument", "ListDocumentVersions", "ModifyDocumentPermission",
                "DescribeDocumentPermission",
            ]
        case .s3: ["GetObject", "PutObject", "HeadObject"]
        case .sns: ["Publish"]
        }
    }

    private func pick(json: String, query: String, ec2: String, s3: String) -> String {
        switch self {
        case .organizations, .ssm: json
        case .sts, .sns: query
        case .ec2: ec2
        case .s3: s3
        }
    }

    var throttled: AWSFailure {
        switch self {
        case .s3: AWSFailure("SlowDown", "Please reduce your request rate.", status: 503)
        case .ec2: AWSFailure("RequestLimitExceeded", "Request limit exceeded.", status: 503)
        case .organizations:
            AWSFailure("TooManyRequestsException", "AWS Organizations can't complete your request at this time.")
        default: AWSFailure(self == .ssm ? "ThrottlingException" : "Throttling", "Rate exceeded")
        }
    }
    var unsigned: AWSFailure {
        AWSFailure(
            pick(
                json: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", ec2: "AuthFailure",
                s3: "AccessDenied"), "Request is missing Authentication Token", status: self == .s3 ? 403 : 400)
    }
    var unknownKey: AWSFailure {
        AWSFailure(
            pick(
                json: "UnrecognizedClientException", query: "InvalidClientTokenId", ec2: "AuthFailure",
                s3: "InvalidAccessKeyId"), "The security token included in the request is invalid.",
            status: self == .ssm || self == .organizations ? 400 : self == .ec2 ? 401 : 403)
    }
    var expired: AWSFailure {
        AWSFailure(
            pick(json: "ExpiredTokenException", query: "ExpiredToken", ec2: "RequestExpired", s3: "ExpiredToken"),
            "The security token included in the request is expired", status: self == .sts ? 403 : 400)
    }
    var wrongSignature: AWSFailure {
        AWSFailure(
            pick(
                json: "InvalidSignatureException", query: "SignatureDoesNotMatch", ec2: "AuthFailure",
                s3: "SignatureDoesNotMatch"),
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
                + "and signing method.", status: self == .ec2 ? 401 : self == .ssm || self == .organizations ? 400 : 403
        )
    }
    func skewed(_ signed: String, now: String) -> AWSFailure {
        AWSFailure(
            pick(
                json: "InvalidSignatureException", query: "SignatureDoesNotMatch", ec2: "RequestExpired",
                s3: "RequestTimeTooSkewed"),
            "Signature expired: \(signed) is now earlier than \(now) (\(now) - 5 min.)",
            status: self == .s3 || self == .sts || self == .sns ? 403 : 400)
    }
    func denied(_ principal: Principal, _ action: String, byPolicy: Bool = false) -> AWSFailure {
        let why =
            byPolicy
            ? "with an explicit deny in a service control policy"
            : "because no identity-based policy allows the \(rawValue):\(action) action"
        return AWSFailure(
            pick(
                json: "AccessDeniedException", query: "AccessDenied", ec2: "UnauthorizedOperation", s3: "AccessDenied"),
            "User: \(principal.arn) is not authorized to perform: \(rawValue):\(action) \(why)",
            status: self == .ssm || self == .organizations ? 400 : 403)
    }
}
