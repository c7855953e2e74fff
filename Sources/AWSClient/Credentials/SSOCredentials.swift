import Crypto
import Foundation

/// IAM Identity Center: the token that `aws sso login` left in its cache becomes the credentials of a role.
///
/// Sources: "Configuring IAM Identity Center authentication with the AWS CLI"; OIDC API, CreateToken; Portal API,
/// GetRoleCredentials.
struct SSOCredentials: CredentialsProvider {
    struct Settings: Sendable, Equatable {
        var profile: String
        var startURL: String
        var region: String
        var account: String
        var role: String
        /// The name of the `[sso-session]`, if the profile uses one.
        var session: String?

        /// - Returns: `nil` when the profile does not use IAM Identity Center.
        init?(profile: String, section: ProfileFile.Section, file: ProfileFile) throws(AWSError) {
            guard section.keys.contains(where: { $0.hasPrefix("sso_") }) else { return nil }
            var values = section
            session = section["sso_session"]
            if let session {
                guard let shared = file.sessions[session] else {
                    throw AWSError(
                        .configuration, "the profile \(profile) names the sso-session \(session), which does not exist")
                }
                values.merge(shared) { own, _ in own }
            }
            func value(_ key: String) throws(AWSError) -> String {
                guard let text = values[key], !text.isEmpty else {
                    throw AWSError(
                        .configuration,
                        "the profile \(profile) has no \(key): run `aws configure sso --profile \(profile)`")
                }
                return text
            }
            self.profile = profile
            startURL = try value("sso_start_url")
            region = try value("sso_region")
            account = try value("sso_account_id")
            role = try value("sso_role_name")
        }
    }

    /// The cached token, as the AWS CLI writes it. Other keys of the file are kept when it is replaced.
    private struct Token: Decodable {
        var accessToken: String
        var expiresAt: String
        var refreshToken: String?
        var clientId: String?
        var clientSecret: String?
        var registrationExpiresAt: String?
    }

    static let cacheLimit = 256 << 10
    /// A token that ends within this time is refreshed.
    static let advisory: TimeInterval = 5 * 60

    let settings: Settings
    let environment: AWSEnvironment
    let endpoints: EndpointSettings

    private var login: String { "run `aws sso login --profile \(settings.profile)`" }

    func credentials() async throws(AWSError) -> AWSCredentials {
        let token = try await token()
        let (origin, path) = try endpoints.endpoint(.sso, region: settings.region)
        let call = HTTPCall(
            "GET", origin, path: path + "/federation/credentials",
            query: [NamedValue("account_id", settings.account), NamedValue("role_name", settings.role)],
            headers: [NamedValue("x-amz-sso_bearer_token", token)])
        let http = MetadataHTTP(environment: environment, source: "IAM Identity Center", timeout: .seconds(30))
        let answer = try await http.send(call)
        switch answer.status {
        case 200: break
        case 401: throw AWSError(.expired, "the session of IAM Identity Center has ended: \(login)", status: 401)
        case 403, 404:
            throw AWSError(
                .denied,
                "IAM Identity Center gives this user no role \(settings.role) in the account \(settings.account): check "
                    + "sso_account_id and sso_role_name", status: answer.status)
        default:
            throw AWSError(
                .credentials, "IAM Identity Center answered with status \(answer.status)", status: answer.status)
        }
        struct Answer: Decodable {
            struct Role: Decodable {
                var accessKeyId: String
                var secretAccessKey: String
                var sessionToken: String
                /// Milliseconds since 1970.
                var expiration: Int64
            }
            var roleCredentials: Role
        }
        guard let role = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)).roleCredentials else {
            throw AWSError(.credentials, "IAM Identity Center answered something that holds no credentials")
        }
        return AWSCredentials(
            accessKeyID: role.accessKeyId, secretAccessKey: role.secretAccessKey, sessionToken: role.sessionToken,
            expiration: Date(timeIntervalSince1970: Double(role.expiration) / 1000), account: settings.account,
            source: "IAM Identity Center, role \(settings.role)")
    }

    /// `~/.aws/sso/cache/<sha1 of the session's name, or of the start URL>.json`.
    var cachePath: String {
        let digest = Insecure.SHA1.hash(data: Data((settings.session ?? settings.startURL).utf8))
        let name = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(environment.home)/.aws/sso/cache/\(name).json"
    }

    /// The access token, refreshed where the cache allows it.
    private func token() async throws(AWSError) -> String {
        guard let bytes = try environment.files.read(cachePath, limit: Self.cacheLimit) else {
            throw AWSError(
                .credentials, "nobody is signed in to IAM Identity Center for the profile \(settings.profile): \(login)"
            )
        }
        guard let token = try? JSONDecoder().decode(Token.self, from: Data(bytes)),
            let end = AWSDate.parse(token.expiresAt)
        else {
            throw AWSError(.credentials, "\(cachePath) holds no token of IAM Identity Center: \(login)")
        }
        let left = end.timeIntervalSince(environment.now())
        if left > Self.advisory { return token.accessToken }
        if let fresh = try await refreshed(token, bytes) { return fresh }
        guard left > 0 else {
            throw AWSError(.expired, "the session of IAM Identity Center has ended (\(token.expiresAt)): \(login)")
        }
        return token.accessToken
    }

    /// A new token by the refresh token; `nil` where there is none, or it is not accepted.
    private func refreshed(_ token: Token, _ cache: [UInt8]) async throws(AWSError) -> String? {
        guard let refresh = token.refreshToken, let id = token.clientId, let secret = token.clientSecret,
            (token.registrationExpiresAt.flatMap(AWSDate.parse) ?? .distantFuture) > environment.now()
        else { return nil }
        let body = [
            "clientId": id, "clientSecret": secret, "grantType": "refresh_token", "refreshToken": refresh,
        ]
        let (origin, path) = try endpoints.endpoint(.oidc, region: settings.region)
        let call = HTTPCall(
            "POST", origin, path: path + "/token", headers: [NamedValue("Content-Type", "application/json")],
            body: Array((try? JSONEncoder().encode(body)) ?? Data()))
        struct Answer: Decodable {
            var accessToken: String
            var expiresIn: Int
            var refreshToken: String?
        }
        let http = MetadataHTTP(environment: environment, source: "IAM Identity Center", timeout: .seconds(30))
        let answer = try await http.send(call)
        guard answer.status == 200, let fresh = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)),
            var kept = try? JSONSerialization.jsonObject(with: Data(cache)) as? [String: Any]
        else { return nil }
        kept["accessToken"] = fresh.accessToken
        kept["expiresAt"] = AWSDate.format(environment.now().addingTimeInterval(Double(fresh.expiresIn)))
        // The old refresh token is used up: without the new one in the cache, the next refresh would fail.
        kept["refreshToken"] = fresh.refreshToken ?? refresh
        if let data = try? JSONSerialization.data(withJSONObject: kept) {
            try? environment.files.replace(cachePath, with: Array(data))
        }
        return fresh.accessToken
    }
}
