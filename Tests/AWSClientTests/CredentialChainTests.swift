import Foundation
import Testing

@testable import AWSClient

@Suite("Credential chain")
struct CredentialChainTests {
    static func resolve(
        _ variables: [String: String] = [:], config: String = "", clock: FakeClock = FakeClock(),
        transport: ScriptedTransport = ScriptedTransport([]), files: [String: String] = [:]
    ) async throws(AWSError) -> AWSCredentials {
        let all = FakeFiles(files.merging(["/home/me/.aws/config": config]) { $1 })
        let environment = AWSEnvironment.fake(variables, files: all, clock: clock, transport: transport)
        let profiles = try Profiles(environment)
        let settings = try AWSSettings(variables: environment.variables, profiles: profiles)
        return try await CredentialChain(environment, profiles, settings).provider().credentials()
    }

    static func role(_ key: String) -> ScriptedTransport.Answer {
        HTTPAnswer.json(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>\(key)</AccessKeyId>"
                + "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                + "<Expiration>2026-12-31T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
    }

    @Test("the environment wins; a key without its secret is an error")
    func environment() async throws {
        let found = try await Self.resolve(
            ["AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "AWS_PROFILE": "p"],
            config: "[profile p]\naws_access_key_id = OTHER\naws_secret_access_key = x\n")
        #expect(found.accessKeyID == "K" && found.sessionToken == "T")
        let error = await awsError { () async throws(AWSError) in try await Self.resolve(["AWS_ACCESS_KEY_ID": "K"]) }
        #expect(error?.message == "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both or none")
    }

    @Test("a chain of two roles: each signs the next, with its external id, and an hour at most for the second")
    func chain() async throws {
        let transport = ScriptedTransport([Self.role("FIRST"), Self.role("SECOND")])
        let found = try await Self.resolve(
            ["AWS_PROFILE": "b"],
            config: """
                [profile base]
                aws_access_key_id = BASE
                aws_secret_access_key = s
                [profile a]
                role_arn = arn:aws:iam::111122223333:role/a
                source_profile = base
                [profile b]
                role_arn = arn:aws:iam::444455556666:role/b
                source_profile = a
                external_id = secret-id
                duration_seconds = 7200
                region = eu-north-1
                """, transport: transport)
        #expect(found.accessKeyID == "SECOND" && found.account == "444455556666")
        let bodies = transport.calls.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2)
        #expect(bodies[0].contains("role%2Fa") && !bodies[0].contains("ExternalId"))
        #expect(bodies[1].contains("ExternalId=secret-id") && bodies[1].contains("DurationSeconds=3600"))
        #expect(transport.calls[1].origin.host == "sts.eu-north-1.amazonaws.com")
        #expect(transport.calls[1].headers.contains { $0.value.contains("Credential=FIRST/") })
    }

    @Test("a profile that refers to itself: an error with the circle, unless it has keys of its own")
    func circle() async throws {
        let loop = "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n"
        let error = await awsError { () async throws(AWSError) in
            try await Self.resolve(["AWS_PROFILE": "a"], config: loop)
        }
        #expect(error?.message == "source_profile leads in a circle: a → b → a: change one of them")
        let own = await awsError { () async throws(AWSError) in
            try await Self.resolve(["AWS_PROFILE": "a"], config: "[profile a]\nrole_arn = r\nsource_profile = a\n")
        }
        #expect(own?.message == "source_profile leads in a circle: a → a: change one of them")
        let found = try await Self.resolve(
            ["AWS_PROFILE": "a"],
            config: "[profile a]\nrole_arn = r\nsource_profile = a\naws_access_key_id = K\naws_secret_access_key = s\n",
            transport: ScriptedTransport([Self.role("ASSUMED")]))
        #expect(found.accessKeyID == "ASSUMED")
    }

    @Test(
        "profiles that cannot be used: each error names the profile and the key",
        arguments: [
            ("role_arn = r\n", "either source_profile or credential_source"),
            ("role_arn = r\nsource_profile = x\ncredential_source = Environment\n", "either source_profile or"),
            ("role_arn = r\ncredential_source = Moon\n", "credential_source = Moon"),
            ("role_arn = r\nsource_profile = nowhere\n", "source_profile = nowhere, which does not exist"),
            ("role_arn = r\nsource_profile = b\nduration_seconds = 10\n", "duration_seconds"),
            ("role_arn = r\nsource_profile = b\nmfa_serial = m\n", "mfa_serial"),
            ("aws_access_key_id = K\n", "no aws_secret_access_key"),
            ("sso_session = nope\n", "sso-session nope"),
            ("sso_start_url = u\nsso_region = us-east-1\n", "no sso_account_id"),
            ("credential_process = 'open\n", "quote"),
        ])
    func unusable(section: String, words: String) async {
        let error = await awsError { () async throws(AWSError) in
            try await Self.resolve(
                ["AWS_PROFILE": "a"],
                config: "[profile a]\n\(section)[profile b]\naws_access_key_id = K\naws_secret_access_key = s\n")
        }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test("web identity: the token file is read, and the request is not signed")
    func webIdentity() async throws {
        let transport = ScriptedTransport([
            HTTPAnswer.json(
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                    + "<AccessKeyId>WEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                    + "<Expiration>2026-12-31T00:00:00Z</Expiration></Credentials>"
                    + "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
        ])
        let found = try await Self.resolve(
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/w",
                "AWS_REGION": "eu-west-1",
            ],
            transport: transport, files: ["/token": "jwt\n"])
        #expect(found.accessKeyID == "WEB")
        let body = String(decoding: transport.calls[0].body, as: UTF8.self)
        #expect(body.contains("WebIdentityToken=jwt") && !body.contains("%0A"))
        #expect(!transport.calls[0].headers.contains { $0.name == "Authorization" })
    }

    @Test("the instance's role, by IMDSv2 only: the token first")
    func instance() async throws {
        let transport = ScriptedTransport([
            HTTPAnswer.json("TOKEN"), HTTPAnswer.json("my-role\n"),
            HTTPAnswer.json(
                #"{"AccessKeyId":"IMDS","SecretAccessKey":"s","Token":"t","Expiration":"2026-12-31T00:00:00Z"}"#),
        ])
        let found = try await Self.resolve(transport: transport)
        #expect(found.accessKeyID == "IMDS" && found.source == "the instance's role my-role")
        #expect(transport.calls.map(\.method) == ["PUT", "GET", "GET"])
        #expect(
            transport.calls.dropFirst().allSatisfy {
                $0.headers.contains(NamedValue("X-aws-ec2-metadata-token", "TOKEN"))
            })
    }

    @Test("nothing is configured and nothing answers: the error says where it looked")
    func nothing() async {
        let error = await awsError { () async throws(AWSError) in try await Self.resolve() }
        #expect(error?.kind == .credentials)
        #expect(
            error?.message.hasPrefix("found no AWS credentials: none in the environment, none in the profile default")
                == true)
        let off = await awsError { () async throws(AWSError) in
            try await Self.resolve(["AWS_EC2_METADATA_DISABLED": "true"])
        }
        #expect(off?.message.contains("the instance metadata service is disabled") == true)
    }

    @Test("the container's endpoint: its token file is read each time; plain HTTP goes nowhere else")
    func container() async throws {
        let transport = ScriptedTransport([
            HTTPAnswer.json(
                #"{"AccessKeyId":"POD","SecretAccessKey":"s","Token":"t","Expiration":"2026-12-31T00:00:00Z"}"#)
        ])
        let found = try await Self.resolve(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/pod",
            ], transport: transport, files: ["/pod": "word\n"])
        #expect(found.accessKeyID == "POD")
        #expect(transport.calls[0].headers.contains(NamedValue("Authorization", "word")))
        let error = await awsError { () async throws(AWSError) in
            try await Self.resolve(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"])
        }
        #expect(error?.message.contains("plain HTTP may go to loopback") == true)
    }
}
