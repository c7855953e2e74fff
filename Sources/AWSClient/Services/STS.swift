import Foundation

extension AWSService {
    /// AWS Security Token Service.
    package static let sts = AWSService(id: "STS", prefix: "sts", wire: .query(version: "2011-06-15"))
}

/// AWS Security Token Service, API version 2011-06-15.
package enum STS {
    /// Who am I: the account and the ARN of the credentials. No policy can deny it.
    package struct GetCallerIdentity: QueryAction {
        package static let description = ActionDescription(
            .sts, "GetCallerIdentity", roles: [.hub, .spoke, .deploy, .remove, .export, .backup, .snapshot],
            reason: "Shows which identity the credentials are.")

        package struct Output: Sendable, Equatable {
            package var account: String
            package var arn: String
            package var userID: String
        }

        package init() {}

        package var parameters: QueryParameters { QueryParameters() }

        package static func output(_ xml: XMLNode) throws(AWSError) -> Output {
            Output(
                account: try xml.required("Account"), arn: try xml.required("Arn"), userID: try xml.required("UserId"))
        }
    }

    /// Credentials of a role.
    package struct AssumeRole: QueryAction {
        package static let description = ActionDescription(
            .sts, "AssumeRole", roles: [.hub], reason: "Becomes the spoke role of an account, and the role for backups."
        )

        package typealias Output = AssumedRole

        package var roleArn: String
        /// 2 to 64 letters, digits and `=,.@-_`.
        package var roleSessionName: String
        /// 2 to 1,224 characters.
        package var externalId: String?
        /// 900 to 43,200.
        package var durationSeconds: Int?
        /// Session tags, which CloudTrail shows with each call; they need `sts:TagSession`.
        package var tags: [String: String] = [:]
        /// Who asked, in CloudTrail: 2 to 64 letters, digits and `=,.@-_`; it needs `sts:SetSourceIdentity`.
        package var sourceIdentity: String?

        package init(roleArn: String, roleSessionName: String, externalId: String? = nil, durationSeconds: Int? = nil) {
            self.roleArn = roleArn
            self.roleSessionName = roleSessionName
            self.externalId = externalId
            self.durationSeconds = durationSeconds
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("RoleArn", roleArn)
            parameters.add("RoleSessionName", roleSessionName)
            parameters.add("ExternalId", externalId)
            parameters.add("DurationSeconds", durationSeconds)
            for (index, tag) in tags.sorted(by: { $0.key < $1.key }).enumerated() {
                parameters.add("Tags.member.\(index + 1).Key", tag.key)
                parameters.add("Tags.member.\(index + 1).Value", tag.value)
            }
            parameters.add("SourceIdentity", sourceIdentity)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> AssumedRole { try AssumedRole(xml) }
    }

    /// Credentials of a role, for a token of an OpenID provider.
    package struct AssumeRoleWithWebIdentity: QueryAction {
        package static let description = ActionDescription(
            .sts, "AssumeRoleWithWebIdentity", roles: [.hub],
            reason: "Becomes the hub role where you use a web identity, which hub.yaml does not trust.",
            isUnsigned: true)

        package typealias Output = AssumedRole

        package var roleArn: String
        package var roleSessionName: String
        package var webIdentityToken: String

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("RoleArn", roleArn)
            parameters.add("RoleSessionName", roleSessionName)
            parameters.add("WebIdentityToken", webIdentityToken)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> AssumedRole { try AssumedRole(xml) }
    }

    /// What both give.
    package struct AssumedRole: Sendable {
        package var credentials: Key
        package var arn: String?

        package struct Key: Sendable {
            var accessKeyID: String
            var secretAccessKey: String
            var sessionToken: String
            package var expiration: Date

            func credentials(account: String?, source: String) -> AWSCredentials {
                AWSCredentials(
                    accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
                    expiration: expiration, account: account, source: source)
            }
        }

        init(_ xml: XMLNode) throws(AWSError) {
            let time = try xml.required("Credentials/Expiration")
            guard let expiration = AWSDate.parse(time) else {
                throw AWSError(.malformed, "the answer's Expiration is no time")
            }
            credentials = Key(
                accessKeyID: try xml.required("Credentials/AccessKeyId"),
                secretAccessKey: try xml.required("Credentials/SecretAccessKey"),
                sessionToken: try xml.required("Credentials/SessionToken"), expiration: expiration)
            arn = xml.text("AssumedRoleUser/Arn")
        }
    }
}
