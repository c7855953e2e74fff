import Testing

@testable import AWSClient

@Suite("AWS settings")
struct AWSSettingsTests {
    static func settings(_ variables: [String: String], config: String = "") throws -> AWSSettings {
        let environment = AWSEnvironment.fake(variables, files: FakeFiles(["/home/me/.aws/config": config]))
        return try AWSSettings(variables: environment.variables, profiles: try Profiles(environment))
    }

    @Test("a variable is stronger than the profile, and AWS_REGION than AWS_DEFAULT_REGION")
    func order() throws {
        let config = "[default]\nregion = eu-west-1\nmax_attempts = 7\nca_bundle = /ca.pem\nuse_fips_endpoint = true\n"
        var settings = try Self.settings([:], config: config)
        #expect(settings.region == "eu-west-1" && settings.maxAttempts == 7 && settings.caBundle == "/ca.pem")
        #expect(settings.endpoints.useFIPS)
        settings = try Self.settings(
            ["AWS_DEFAULT_REGION": "eu-west-2", "AWS_MAX_ATTEMPTS": "2", "AWS_USE_FIPS_ENDPOINT": "false"],
            config: config)
        #expect(settings.region == "eu-west-2" && settings.maxAttempts == 2 && !settings.endpoints.useFIPS)
        settings = try Self.settings(["AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"])
        #expect(settings.region == "eu-west-3" && settings.retryMode == .adaptive)
    }

    @Test("endpoints: variable for one service, variable for all, profile for one, profile for all")
    func endpoints() throws {
        let config = """
            [default]
            services = s
            endpoint_url = http://profile
            [services s]
            ssm =
              endpoint_url = http://profile-ssm
            """
        var endpoints = try Self.settings([:], config: config).endpoints
        #expect(endpoints.url == "http://profile" && endpoints.urls == ["SSM": "http://profile-ssm"])
        endpoints = try Self.settings(["AWS_ENDPOINT_URL": "http://all"], config: config).endpoints
        #expect(endpoints.url == "http://all" && endpoints.urls.isEmpty)
        endpoints = try Self.settings(["AWS_ENDPOINT_URL_SSM": "http://one"], config: config).endpoints
        #expect(endpoints.urls["SSM"] == "http://one" && endpoints.url == "http://profile")
        endpoints = try Self.settings(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], config: config).endpoints
        #expect(endpoints == EndpointSettings())
    }

    @Test(
        "values that cannot be used are errors that name the setting",
        arguments: [
            ("AWS_REGION", "Frankfurt"), ("AWS_MAX_ATTEMPTS", "0"), ("AWS_MAX_ATTEMPTS", "many"),
            ("AWS_RETRY_MODE", "turbo"), ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ])
    func bad(name: String, value: String) async {
        let error = await awsError { () async throws(AWSError) in
            let environment = AWSEnvironment.fake([name: value])
            return try AWSSettings(variables: environment.variables, profiles: try Profiles(environment))
        }
        #expect(error?.kind == .configuration && error?.message.hasPrefix(name) == true)
    }

    @Test("proxies: small letters win, NO_PROXY by name, domain, network and port")
    func proxies() throws {
        let proxies = try ProxySettings(variables: [
            "HTTPS_PROXY": "http://loser:1", "https_proxy": "http://u:p%40@proxy:3128/",
            "NO_PROXY": "localhost,.internal.example, 10.0.0.0/8,one.example:8443,[::1]",
        ])
        func proxy(_ host: String, _ port: Int? = nil, scheme: String = "https") -> ProxySettings.Proxy? {
            proxies.proxy(for: Origin(scheme: scheme, host: host, port: port))
        }
        let expected = ProxySettings.Proxy(host: "proxy", port: 3_128, login: "u:p@")
        #expect(proxy("ssm.eu-west-1.amazonaws.com") == expected)
        #expect(proxy("LOCALHOST") == nil && proxy("a.internal.example") == nil && proxy("10.1.2.3") == nil)
        #expect(proxy("11.1.2.3") == expected && proxy("notlocalhost") == expected)
        #expect(proxy("one.example", 8_443) == nil && proxy("one.example") == expected && proxy("[::1]") == nil)
        #expect(proxy("example.com", scheme: "http") == nil)
        #expect(
            try ProxySettings(variables: ["https_proxy": "p", "NO_PROXY": "*"]).proxy(for: Origin(host: "x")) == nil)
    }

    @Test("a proxy's address that cannot be read", arguments: ["socks5://x:1", "http://:1", "http://x:port"])
    func badProxy(text: String) {
        #expect(throws: AWSError.self) { try ProxySettings(variables: ["HTTPS_PROXY": text]) }
    }
}
