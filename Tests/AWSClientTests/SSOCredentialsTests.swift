import Foundation
import Testing

@testable import AWSClient

@Suite("IAM Identity Center")
struct SSOCredentialsTests {
    static let config = """
        [profile dev]
        sso_session = corp
        sso_account_id = 111122223333
        sso_role_name = Reader
        [sso-session corp]
        sso_region = eu-west-1
        sso_start_url = https://corp.awsapps.com/start
        """
    /// SHA-1 of "corp".
    static let cache = "/home/me/.aws/sso/cache/0a8541f1ba2dca94b8f82d51fa5e5ac55c3dcb66.json"
    static let role = HTTPAnswer.json(
        #"{"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t","expiration":1799000000000}}"#
    )

    static func resolve(
        _ token: String?, _ transport: ScriptedTransport, files: FakeFiles? = nil
    ) async throws(AWSError) -> AWSCredentials {
        let environment = AWSEnvironment.fake(
            ["AWS_PROFILE": "dev"], files: files ?? self.files(token), transport: transport)
        let profiles = try Profiles(environment)
        let settings = try AWSSettings(variables: environment.variables, profiles: profiles)
        return try await CredentialChain(environment, profiles, settings).provider().credentials()
    }

    static func files(_ token: String?) -> FakeFiles {
        var files = ["/home/me/.aws/config": config]
        files[cachePath] = token
        return FakeFiles(files)
    }

    static var cachePath: String {
        let environment = AWSEnvironment.fake()
        let file = try? ProfileFile(parsing: Array(config.utf8), kind: .config, path: "c")
        let settings = try? file.flatMap { file throws(AWSError) in
            try SSOCredentials.Settings(profile: "dev", section: file.profiles["dev"] ?? [:], file: file)
        }
        return settings.map {
            SSOCredentials(settings: $0, environment: environment, endpoints: EndpointSettings()).cachePath
        } ?? ""
    }

    @Test("the cached token becomes the role's credentials")
    func cached() async throws {
        let transport = ScriptedTransport([Self.role])
        let found = try await Self.resolve(#"{"accessToken":"tok","expiresAt":"2026-12-31T00:00:00Z"}"#, transport)
        #expect(found.accessKeyID == "SSO" && found.account == "111122223333")
        #expect(
            transport.calls[0].url
                == "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=111122223333&role_name=Reader"
        )
        #expect(transport.calls[0].headers == [NamedValue("x-amz-sso_bearer_token", "tok")])
    }

    @Test("an expired token is refreshed, and the cache keeps the new refresh token and all else")
    func refreshed() async throws {
        let files = Self.files(
            """
            {"accessToken":"old","expiresAt":"2026-01-01T00:00:00Z","refreshToken":"r1","clientId":"c",
            "clientSecret":"cs","registrationExpiresAt":"2027-01-01T00:00:00Z","startUrl":"kept"}
            """)
        let transport = ScriptedTransport([
            HTTPAnswer.json(#"{"accessToken":"new","expiresIn":3600,"refreshToken":"r2"}"#), Self.role,
        ])
        _ = try await Self.resolve(nil, transport, files: files)
        #expect(transport.calls[0].url == "https://oidc.eu-west-1.amazonaws.com/token")
        #expect(transport.calls[1].headers == [NamedValue("x-amz-sso_bearer_token", "new")])
        let kept = try #require(files[Self.cachePath])
        for word in ["\"new\"", "\"r2\"", "\"kept\"", "2026-11-18T12:06:40Z"] { #expect(kept.contains(word)) }
    }

    @Test(
        "nobody signed in, an expired token, a token that AWS does not take: the error names the command",
        arguments: [
            nil, #"{"accessToken":"old","expiresAt":"2026-01-01T00:00:00Z"}"#, "{}",
            #"{"accessToken":"tok","expiresAt":"2026-12-31T00:00:00UTC"}"#,
        ])
    func signIn(token: String?) async {
        let transport = ScriptedTransport([HTTPAnswer.json("{}", status: 401)])
        let error = await awsError { () async throws(AWSError) in try await Self.resolve(token, transport) }
        #expect(error?.message.contains("run `aws sso login --profile dev`") == true, "\(String(describing: error))")
    }
}
