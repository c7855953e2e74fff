import Foundation

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
enum EnvironmentCredentials {
    /// - Returns: `nil` when no key is set.
    /// - Throws: `credentials` when a key has no secret.
    static func read(_ environment: AWSEnvironment) throws(AWSError) -> AWSCredentials? {
        guard let key = environment.variable("AWS_ACCESS_KEY_ID") else { return nil }
        guard let secret = environment.variable("AWS_SECRET_ACCESS_KEY") else {
            throw AWSError(.credentials, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both or none")
        }
        return AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: environment.variable("AWS_SESSION_TOKEN"),
            expiration: environment.variable("AWS_CREDENTIAL_EXPIRATION").flatMap(AWSDate.parse),
            account: environment.variable("AWS_ACCOUNT_ID"), source: "the environment")
    }
}
