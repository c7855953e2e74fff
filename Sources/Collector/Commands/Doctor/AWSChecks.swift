import AWSClient
import Fleet
import Foundation
import Logging

/// The checks of `doctor` that call AWS. They read, and start nothing.
struct AWSChecks {
    typealias Check = DoctorCommand.Check
    typealias Write = (String, Check) throws -> Void

    var configuration: Configuration.Discovery
    /// Instead of the settings' region.
    var region: String?
    var variables = ProcessInfo.processInfo.environment

    /// Accounts that are named one by one when they refuse; the others are counted.
    private static let named = 10
    /// Roles that are assumed at a time.
    private static let width = 20

    /// - Parameter account: the one to go through step by step; nil checks the organisation.
    func run(account: String?, _ write: Write) async throws {
        var logger = Logger(label: "doctor")
        logger.logLevel = .critical
        let session: AWSSession
        do throws(AWSError) { session = try await AWSSession(variables: variables, logger: logger) } catch {
            return try write("aws credentials", noCredentials(error, account))
        }
        do { try await check(session, account: account, write) } catch {
            await session.close()
            throw error
        }
        await session.close()
    }

    private func check(_ session: AWSSession, account: String?, _ write: Write) async throws {
        let hub = session.client(region: region)
        let me: STS.GetCallerIdentity.Output
        do throws(AWSError) { me = try await hub.send(STS.GetCallerIdentity()) } catch {
            return try write("aws credentials", noCredentials(error, account))
        }
        try write("aws identity", .good("\(me.arn) in account \(me.account), \(hub.region)"))
        let externalID: String?
        do throws(ConfigurationError) { externalID = try configuration.readExternalID() } catch {
            return try write("aws external id", .bad(error.message))
        }
        func spoke(_ id: String) -> AWSClient {
            guard let role = role(id, hub) else { return hub }
            return hub.assuming(role: role, session: Self.sessionName, externalID: externalID)
        }
        if let account {
            try await SpokeChecks(
                checks: self, hub: me.account, client: spoke(account), hasExternalID: externalID != nil
            ).run(write)
            if let role = role(account, hub), configuration.settings.tagsSessions {
                var request = STS.AssumeRole(
                    roleArn: role, roleSessionName: Self.sessionName, externalId: externalID, durationSeconds: nil)
                request.tags = ["dbcensus-job": "doctor", "dbcensus-requester": "doctor"]
                request.sourceIdentity = "doctor"
                try write("sts:TagSession", await sessionTags(hub, request))
            }
        } else {
            try write("aws document", await document(hub, name: configuration.settings.document.name))
            try await organisation(hub, spoke, write)
        }
    }

    private static let sessionName = "dbcensus-doctor"

    /// The role of an account; nil for the caller's own credentials.
    private func role(_ account: String, _ hub: AWSClient) -> String? {
        let own = configuration.settings.accounts.first { $0.id == account }?.roleARN
        return configuration.settings.roleName.map {
            own ?? "arn:\(Partition.of(hub.region).id):iam::\(account):role/\($0)"
        }
    }

    /// Whether the trust policy allows what CloudTrail shows of a session. Discovery also works without.
    private func sessionTags(_ hub: AWSClient, _ request: STS.AssumeRole) async -> Check {
        do throws(AWSError) {
            _ = try await hub.send(request)
            return .good("sessions name the run and who asked for it")
        } catch {
            return .warning(
                "sessions do not name the run and who asked for it, because the role's trust policy does not allow "
                    + "sts:TagSession and sts:SetSourceIdentity: deploy packaging/aws/spoke.yaml again, or set "
                    + "discovery.tag_sessions: false (\(Self.text(error)))")
        }
    }

    /// A collector that discovers nothing needs no credentials.
    private func noCredentials(_ error: AWSError, _ account: String?) -> Check {
        error.kind == .credentials && account == nil && Self.sources(variables).isEmpty
            ? .good("there are none: discovery of AWS accounts is off") : .bad(Self.text(error))
    }

    /// Whether the document is there, active, and the one that is configured.
    func document(_ client: AWSClient, name: String) async -> Check {
        do throws(AWSError) {
            let request = SSM.DescribeDocument(name: name, documentVersion: configuration.settings.document.version)
            let document = try await client.send(request).document
            let found = "\(name), version \(document.documentVersion ?? "?") in \(client.region)"
            guard document.status == nil || document.status == "Active" else {
                return .bad("\(found) is not active but \(document.status ?? ""): wait, or upload it again")
            }
            guard let wanted = configuration.settings.document.hash else {
                return .warning(
                    "\(found), SHA-256 \(document.hash ?? "unknown"): set discovery.document_hash, so that the collector rejects a changed document"
                )
            }
            if let previous = configuration.settings.document.previousHash, document.hash?.lowercased() == previous {
                return .good("\(found), the one of discovery.previous_document_hash")
            }
            return document.hash?.lowercased() == wanted
                ? .good("\(found), with the configured SHA-256")
                : .bad(
                    "\(found) has the SHA-256 \(document.hash ?? "unknown") instead of \(wanted): upload the document of "
                        + "this version, or correct discovery.document_hash")
        } catch {
            return .bad(
                Self.text(error)
                    + (error.kind == .notFound
                        ? ": create it in this region and share it with this account: `dbcensus-collector deploy apply` does both"
                        : ""))
        }
    }

    private func organisation(
        _ hub: AWSClient, _ spoke: (String) -> AWSClient, _ write: Write
    ) async throws {
        let accounts: [Organizations.Account]
        do throws(AWSError) { accounts = try await hub.all(Organizations.ListAccounts()) } catch {
            return try write(
                "aws organization",
                .warning("\(Self.text(error)): allow it, or check single accounts with `doctor --account ID`"))
        }
        let active = accounts.filter { $0.currentState == "ACTIVE" }
        let others = accounts.count - active.count
        try write(
            "aws organization",
            .good("\(accounts.count) accounts" + (others > 0 ? ", \(others) of them not active" : "")))
        var refused: [(account: Organizations.Account, error: AWSError)] = []
        await withTaskGroup(of: (Int, AWSError?).self) { group in
            func add(_ index: Int) {
                let client = spoke(active[index].id)
                group.addTask {
                    do throws(AWSError) { _ = try await client.send(STS.GetCallerIdentity()) } catch {
                        return (index, error)
                    }
                    return (index, nil)
                }
            }
            var next = min(Self.width, active.count)
            for index in 0..<next { add(index) }
            for await (index, error) in group {
                if let error { refused.append((active[index], error)) }
                if next < active.count {
                    add(next)
                    next += 1
                }
            }
        }
        let count =
            "the role \(configuration.settings.roleName ?? "none") can be assumed in \(active.count - refused.count) of \(active.count) accounts"
        guard !refused.isEmpty else { return try write("aws roles", .good(count)) }
        try write("aws roles", .bad("\(count): run `doctor --account ID` for one of the others"))
        refused.sort { ($0.account.isManagement ? "" : $0.account.id) < ($1.account.isManagement ? "" : $1.account.id) }
        for (account, error) in refused.prefix(Self.named) {
            let hint =
                account.isManagement
                ? "the management account, which StackSets never reach: deploy packaging/aws/spoke.yaml there as a stack. "
                : ""
            try write("aws account \(account.id)", .bad("\(account.name ?? ""): \(hint)\(Self.text(error))"))
        }
        if refused.count > Self.named {
            try write("aws accounts", .bad("\(refused.count - Self.named) more cannot be reached"))
        }
    }

    /// The error in one line.
    static func text(_ error: AWSError) -> String { "\(error)".replacing("\n", with: " ") }

    /// What names credentials: variables, and files that can be read.
    static func sources(_ variables: [String: String]) -> [String] {
        let home = variables["HOME"] ?? "/root"
        let files = [
            "AWS_SHARED_CREDENTIALS_FILE": "\(home)/.aws/credentials", "AWS_CONFIG_FILE": "\(home)/.aws/config",
        ].map { variables[$0.key] ?? $0.value }.filter { FileManager.default.isReadableFile(atPath: $0) }
        let names = [
            "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_PROFILE",
        ].filter { variables[$0] != nil }
        return names + files
    }
}
