import Foundation
import Logging

/// The credentials of a role that other credentials may assume.
package struct RoleCredentials: CredentialsProvider {
    /// STS gives a role that was assumed by a role no more than an hour.
    package static let chainedSeconds = 3_600

    let client: AWSClient
    var request: STS.AssumeRole

    /// - Parameter client: signs with the credentials that may assume the role; its region's STS is asked.
    package init(_ client: AWSClient, role: String, session: String, externalID: String? = nil, seconds: Int? = nil) {
        self.client = client
        request = STS.AssumeRole(
            roleArn: role, roleSessionName: session, externalId: externalID, durationSeconds: seconds)
    }

    package func credentials() async throws(AWSError) -> AWSCredentials {
        var request = request
        // Credentials with a session token are a role's, so that this is a chain.
        if let seconds = request.durationSeconds, seconds > Self.chainedSeconds,
            try await client.credentials?.credentials().sessionToken != nil
        {
            request.durationSeconds = Self.chainedSeconds
        }
        let answer = try await assume(request)
        return answer.credentials.credentials(
            account: Self.account(of: request.roleArn), source: "the role \(request.roleArn)")
    }

    /// A role whose trust policy knows no session tags is taken without them: no call tells what the policy allows.
    private func assume(_ request: STS.AssumeRole) async throws(AWSError) -> STS.AssumedRole {
        do throws(AWSError) { return try await client.send(request) } catch {
            guard error.kind == .denied, !request.tags.isEmpty || request.sourceIdentity != nil else { throw error }
            var plain = request
            (plain.tags, plain.sourceIdentity) = ([:], nil)
            let answer = try await client.send(plain)
            client.environment.logger.warning(
                "the role does not allow sts:TagSession and sts:SetSourceIdentity: CloudTrail will not show who asked",
                metadata: ["role": "\(request.roleArn)"])
            return answer
        }
    }

    package func invalidate(_ credentials: AWSCredentials) async {}

    /// `arn:aws:iam::111122223333:role/name`: the fifth part.
    static func account(of arn: String) -> String? {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 5 && !parts[4].isEmpty ? String(parts[4]) : nil
    }
}

/// The credentials of a role that a token of an OpenID provider may assume: EKS service accounts, CI systems.
struct WebIdentityCredentials: CredentialsProvider {
    static let tokenLimit = 20_000

    let client: AWSClient
    let tokenFile: String
    let role: String
    let session: String

    func credentials() async throws(AWSError) -> AWSCredentials {
        // Read each time: the file is replaced before its token expires.
        guard let bytes = try client.environment.files.read(tokenFile, limit: Self.tokenLimit) else {
            throw AWSError(.credentials, "the web identity token file \(tokenFile) does not exist")
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let answer = try await client.send(
            STS.AssumeRoleWithWebIdentity(roleArn: role, roleSessionName: session, webIdentityToken: token))
        return answer.credentials.credentials(
            account: RoleCredentials.account(of: role), source: "web identity, role \(role)")
    }
}
