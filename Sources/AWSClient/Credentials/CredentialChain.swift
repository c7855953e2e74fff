import Foundation

/// The default chain: the first source that is configured gives the credentials, in the order of AWS's own tools.
///
/// The environment; the chosen profile (a role, web identity, IAM Identity Center, keys, a process); the container's
/// endpoint; the instance's role. A source that is configured and fails is an error: the next one would be a different
/// identity.
package struct CredentialChain: Sendable {
    let environment: AWSEnvironment
    let profiles: Profiles
    let settings: AWSSettings

    package init(_ environment: AWSEnvironment, _ profiles: Profiles, _ settings: AWSSettings) {
        self.environment = environment
        self.profiles = profiles
        self.settings = settings
    }

    /// The source, cached.
    ///
    /// - Throws: `configuration` or `credentials` when the configured source cannot be used, or none is configured.
    package func provider() throws(AWSError) -> any CredentialsProvider {
        CachedCredentials(try source(), now: environment.now)
    }

    private func source() throws(AWSError) -> any CredentialsProvider {
        if let found = try EnvironmentCredentials.read(environment) { return StaticCredentials(found) }
        let section = profiles.chosen
        if section["role_arn"] != nil, section["web_identity_token_file"] == nil {
            return try profile(profiles.name, visited: [])
        }
        if let file = environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
            guard let role = environment.variable("AWS_ROLE_ARN") else {
                throw AWSError(.configuration, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not: set both")
            }
            return webIdentity(file, role, environment.variable("AWS_ROLE_SESSION_NAME"))
        }
        if Self.hasCredentials(section) { return try profile(profiles.name, visited: []) }
        if let container = try ContainerCredentials(environment) { return container }
        if let instance = try InstanceMetadata(environment, profile: section) {
            return Explained(
                source: instance, profile: profiles.isExplicit || !section.isEmpty ? profiles.name : nil)
        }
        throw Explained.nothing(profiles.name, "the instance metadata service is disabled")
    }

    private static func hasCredentials(_ section: ProfileFile.Section) -> Bool {
        section.keys.contains {
            ["role_arn", "aws_access_key_id", "credential_process"].contains($0) || $0.hasPrefix("sso_")
        }
    }

    /// The source that a profile describes.
    private func profile(_ name: String, visited: [String]) throws(AWSError) -> any CredentialsProvider {
        guard let section = profiles.file.profiles[name] else {
            throw AWSError(
                .configuration, "the profile \(visited.last ?? name) has source_profile = \(name), which does not exist"
            )
        }
        // A profile may assume a role with its own keys.
        let ownKeys = visited.last == name && section["aws_access_key_id"] != nil
        if let role = section["role_arn"], !ownKeys {
            guard !visited.contains(name) else {
                throw AWSError(
                    .configuration,
                    "source_profile leads in a circle: \((visited + [name]).joined(separator: " → ")): change one of them"
                )
            }
            return try assumed(role, name, section, visited + [name])
        }
        if !ownKeys, let sso = try SSOCredentials.Settings(profile: name, section: section, file: profiles.file) {
            return SSOCredentials(settings: sso, environment: environment, endpoints: settings.endpoints)
        }
        if let key = section["aws_access_key_id"] {
            guard let secret = section["aws_secret_access_key"] else {
                throw AWSError(.credentials, "the profile \(name) has aws_access_key_id but no aws_secret_access_key")
            }
            return StaticCredentials(
                AWSCredentials(
                    accessKeyID: key, secretAccessKey: secret, sessionToken: section["aws_session_token"],
                    account: section["aws_account_id"], source: "the profile \(name)"))
        }
        if let command = section["credential_process"] {
            return ProcessCredentials(command: command, profile: name, environment: environment)
        }
        throw AWSError(
            .credentials, "the profile \(name) has no credentials: give it keys, a role or a credential_process")
    }

    private func assumed(
        _ role: String, _ name: String, _ section: ProfileFile.Section, _ visited: [String]
    ) throws(AWSError) -> any CredentialsProvider {
        let session = section["role_session_name"]
        if let file = section["web_identity_token_file"] { return webIdentity(file, role, session) }
        guard section["mfa_serial"] == nil else {
            throw AWSError(
                .configuration,
                "the profile \(name) has mfa_serial, and a service cannot type a code: use another profile")
        }
        let source: any CredentialsProvider
        switch (section["source_profile"], section["credential_source"]) {
        case (let other?, nil): source = try profile(other, visited: visited)
        case (nil, let word?): source = try named(word, name)
        default:
            throw AWSError(
                .configuration,
                "the profile \(name) has a role_arn: give it either source_profile or credential_source")
        }
        let seconds = section["duration_seconds"].flatMap { Int($0) }
        guard section["duration_seconds"] == nil || seconds.map({ (900...43_200).contains($0) }) == true else {
            throw AWSError(
                .configuration, "the profile \(name) has a duration_seconds that is not between 900 and 43200")
        }
        // The profile's source is cached, as a chain of two roles would ask for the first one at each refresh.
        let client = client(CachedCredentials(source, now: environment.now), region: section["region"])
        return RoleCredentials(
            client, role: role, session: session ?? sessionName, externalID: section["external_id"], seconds: seconds)
    }

    private func named(_ word: String, _ profile: String) throws(AWSError) -> any CredentialsProvider {
        switch word {
        case "Environment":
            guard let found = try EnvironmentCredentials.read(environment) else {
                throw AWSError(
                    .credentials,
                    "the profile \(profile) takes credentials from the environment, but AWS_ACCESS_KEY_ID is not set")
            }
            return StaticCredentials(found)
        case "EcsContainer":
            guard let container = try ContainerCredentials(environment) else {
                throw AWSError(
                    .credentials, "the profile \(profile) has credential_source = EcsContainer, but this is no ECS task"
                )
            }
            return container
        case "Ec2InstanceMetadata":
            guard let instance = try InstanceMetadata(environment) else {
                throw AWSError(
                    .credentials, "the profile \(profile) needs the instance metadata service, which is disabled")
            }
            return instance
        default:
            throw AWSError(
                .configuration,
                "the profile \(profile) has credential_source = \(word): write Environment, Ec2InstanceMetadata or EcsContainer"
            )
        }
    }

    private var sessionName: String { "dbcensus-\(Int(environment.now().timeIntervalSince1970))" }

    private func webIdentity(_ file: String, _ role: String, _ session: String?) -> any CredentialsProvider {
        WebIdentityCredentials(
            client: client(nil, region: nil), tokenFile: file, role: role, session: session ?? sessionName)
    }

    private func client(_ credentials: (any CredentialsProvider)?, region: String?) -> AWSClient {
        AWSClient(
            environment: environment, settings: settings, credentials: credentials, account: "-",
            region: region ?? settings.region ?? AWSSettings.fallbackRegion)
    }
}

/// The instance's role is asked last, without being configured: its failure means that there are no credentials at all.
private struct Explained: CredentialsProvider {
    let source: any CredentialsProvider
    let profile: String?

    func credentials() async throws(AWSError) -> AWSCredentials {
        do throws(AWSError) { return try await source.credentials() } catch {
            guard error.kind == .credentials else { throw error }
            throw Self.nothing(profile ?? "default", error.message)
        }
    }

    static func nothing(_ profile: String, _ reason: String) -> AWSError {
        AWSError(
            .credentials,
            "found no AWS credentials: none in the environment, none in the profile \(profile), no container endpoint, "
                + "and \(reason). Set AWS_PROFILE, or run on an instance with a role")
    }
}
