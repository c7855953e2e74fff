import AWSClient

/// What a region has of the document.
struct DocumentState: Sendable {
    private let client: AWSClient
    private let name: String
    /// The default version; nil when there is no document.
    let current: SSM.Document?

    init(_ client: AWSClient, _ name: String) async throws(AWSError) {
        self.client = client
        self.name = name
        do throws(AWSError) { current = try await client.send(SSM.DescribeDocument(name: name)).document } catch {
            guard error.kind == .notFound else { throw error }
            current = nil
        }
    }

    /// The state in each region. One that a policy denies is left out with a note, unless it was named.
    static func each(
        _ client: AWSClient, _ name: String, _ plan: inout DeploymentPlan, named: [String]
    ) async throws(AWSError) -> [(region: String, state: DocumentState)] {
        var states: [(region: String, state: DocumentState)] = []
        for region in plan.regions {
            do throws(AWSError) {
                states.append((region, try await DocumentState(client.in(region: region), name)))
            } catch {
                guard error.kind == .deniedBySCP, !named.contains(region) else { throw error }
                plan.notes.append("\(region): left out, because a service control policy denies it")
            }
        }
        plan.regions = states.map(\.region)
        return states
    }

    /// The number of the version with the release's content; nil when there is none.
    func version(of release: ReleaseFiles) async throws(AWSError) -> String? {
        guard let current else { return nil }
        if current.hash?.lowercased() == release.sha256 { return current.documentVersion }
        // The newest ones first. Those that `deploy` made carry their release's name.
        for version in try await client.all(SSM.ListDocumentVersions(name: name)).reversed()
        where version.versionName == release.versionName || version.versionName == nil {
            let found = try await client.send(
                SSM.DescribeDocument(name: name, documentVersion: version.documentVersion)
            ).document
            if found.hash?.lowercased() == release.sha256 { return version.documentVersion }
        }
        return nil
    }

    /// The accounts that the document is shared with, and which versions.
    func sharing() async throws(AWSError) -> [SSM.DescribeDocumentPermission.Sharing] {
        current == nil ? [] : try await client.all(SSM.DescribeDocumentPermission(name: name))
    }

    /// What brings the release to this region.
    func steps(_ release: ReleaseFiles, accounts: [String]) async throws(AWSError) -> [DeploymentPlan.Step] {
        var steps: [DeploymentPlan.Step] = []
        func add(_ kind: DeploymentPlan.Step.Kind, replaces: String? = nil, accounts: [String]? = nil) {
            let isOfVersion = kind != .share && kind != .unshare
            steps.append(
                .init(
                    kind, region: client.region, target: name, sha256: isOfVersion ? release.sha256 : nil,
                    replaces: replaces, accounts: accounts))
        }
        let shared = try await sharing()
        if let current {
            if try await version(of: release) == nil { add(.updateDocument) }
            let wanted = Set(accounts)
            for group in shared.map(\.accountId).filter({ !wanted.contains($0) }).sorted().groups {
                add(.unshare, accounts: group)
            }
            let good = Set(shared.filter { $0.sharedDocumentVersion == "$ALL" }.map(\.accountId))
            for group in accounts.filter({ !good.contains($0) }).groups { add(.share, accounts: group) }
            if current.hash?.lowercased() != release.sha256 { add(.setDefault, replaces: current.hash?.lowercased()) }
        } else {
            add(.createDocument)
            for group in accounts.groups { add(.share, accounts: group) }
        }
        return steps
    }
}

extension [String] {
    /// As many as one call shares a document with.
    var groups: [[String]] {
        stride(from: 0, to: count, by: SSM.sharingSize).map { Array(self[$0..<Swift.min($0 + SSM.sharingSize, count)]) }
    }
}
