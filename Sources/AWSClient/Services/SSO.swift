extension AWSService {
    /// The portal of IAM Identity Center, which gives the credentials of a role. Its requests are not signed.
    static let sso = AWSService(id: "SSO", prefix: "portal.sso", signingName: "awsssoportal", wire: .rest)
    /// Its OpenID endpoint, which refreshes tokens.
    static let oidc = AWSService(id: "SSO_OIDC", prefix: "oidc", signingName: "sso-oauth", wire: .rest)
}
