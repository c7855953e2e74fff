import Foundation

/// An access key, and where it came from. Its descriptions hold no secret.
package struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package var accessKeyID: String
    package var secretAccessKey: String
    /// Of temporary credentials.
    package var sessionToken: String?
    /// When they end; `nil` for keys that do not expire.
    package var expiration: Date?
    /// The account that they belong to, where the source says it.
    package var account: String?
    /// Where they came from, such as `the profile prod`.
    package var source: String

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil,
        account: String? = nil, source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
        self.expiration = expiration
        self.account = account
        self.source = source
    }

    package var description: String { "\(accessKeyID) from \(source)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID, "source": source]) }
}

/// Where credentials come from.
package protocol CredentialsProvider: Sendable {
    /// Fresh credentials, or an error that says what to do.
    func credentials() async throws(AWSError) -> AWSCredentials
    /// Drops what is cached: AWS called these credentials expired.
    func invalidate(_ credentials: AWSCredentials) async
}

extension CredentialsProvider {
    package func invalidate(_ credentials: AWSCredentials) async {}
}

/// Credentials that never change.
package struct StaticCredentials: CredentialsProvider {
    private let value: AWSCredentials

    package init(_ value: AWSCredentials) { self.value = value }

    package func credentials() async throws(AWSError) -> AWSCredentials { value }
}
