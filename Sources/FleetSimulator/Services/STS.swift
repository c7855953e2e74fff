import Foundation

extension Call {
    /// Source: AWS Security Token Service API Reference, version 2011-06-15.
    func sts() throws(AWSFailure) -> Answer {
        let form = form()
        var xml = XML()
        switch action {
        case "GetCallerIdentity":
            xml.add("Arn", principal.arn)
            xml.add("UserId", principal.userID)
            xml.add("Account", account.id)
        case "AssumeRole":
            let name = form["RoleSessionName"] ?? ""
            guard name.wholeMatch(of: /[A-Za-z0-9_=,.@-]{2,64}/) != nil else {
                throw AWSFailure(
                    "ValidationError",
                    "1 validation error detected: Value '\(name)' at 'roleSessionName' failed to satisfy constraint")
            }
            let seconds = Int(form["DurationSeconds"] ?? "3600") ?? 0
            guard (900...43_200).contains(seconds) else {
                throw AWSFailure(
                    "ValidationError",
                    "1 validation error detected: Value '\(seconds)' at 'durationSeconds' failed to satisfy constraint")
            }
            if principal.isRole, seconds > 3_600 {
                throw AWSFailure(
                    "ValidationError",
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                )
            }
            let arn = form["RoleArn"] ?? ""
            let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
            let denied = AWSFailure(
                "AccessDenied",
                "User: \(principal.arn) is not authorized to perform: sts:AssumeRole on resource: \(arn)", status: 403)
            guard parts.count == 6, parts[0] == "arn", parts[1] == fleet.partition, parts[2] == "iam",
                let target = fleet.account(id: parts[4]),
                let role = parts[5].split(separator: "/").last.map(String.init), parts[5].hasPrefix("role/"),
                simulator.identities.settings.roles.contains(role),
                target.index > 0 || simulator.identities.settings.hasManagementRole, !target.deniesRole,
                !target.isSuspended,
                // A trust policy that asks for an external id refuses a call without one.
                form["ExternalId"] == simulator.identities.settings.externalID
            else { throw denied }
            var tags: [String: String] = [:]
            for number in 1...50 {
                guard let key = form["Tags.member.\(number).Key"] else { break }
                tags[key] = form["Tags.member.\(number).Value"] ?? ""
            }
            if let source = form["SourceIdentity"], source.wholeMatch(of: /[A-Za-z0-9_+=,.@-]{2,64}/) == nil {
                throw AWSFailure(
                    "ValidationError",
                    "1 validation error detected: Value '\(source)' at 'sourceIdentity' failed to satisfy constraint")
            }
            guard simulator.identities.settings.takesTags || (tags.isEmpty && form["SourceIdentity"] == nil) else {
                throw AWSFailure(
                    "AccessDenied",
                    "User: \(principal.arn) is not authorized to perform: sts:TagSession on resource: \(arn)",
                    status: 403)
            }
            let session = simulator.identities.session(target, role: role, name: name, seconds: seconds)
            simulator.identities.note(
                .init(
                    account: target.id, role: role, name: name, tags: tags, sourceIdentity: form["SourceIdentity"]))
            xml.add("Credentials") { xml in
                xml.add("AccessKeyId", session.id)
                xml.add("SecretAccessKey", session.key.secret)
                xml.add("SessionToken", session.key.token)
                xml.add("Expiration", session.key.expires.formatted(.iso8601))
            }
            xml.add("AssumedRoleUser") { xml in
                xml.add("AssumedRoleId", session.key.principal.userID)
                xml.add("Arn", session.key.principal.arn)
            }
            xml.add("PackedPolicySize", "1")
        default: throw unknownAction
        }
        return .xml(xml)
    }
}
