import AWSClient
import Foundation
import Inventory
import Logging

/// Publishes a release in AWS: the parts that a template cannot do.
///
/// Its client has the identity that deploys: the collector's own role may change nothing that it runs.
package struct Deployer: Sendable {
    let client: AWSClient
    let settings: DiscoverySettings
    let release: ReleaseFiles
    let scope: DeploymentScope

    /// How long a new version may take to become active.
    private static let activeSeconds = 60.0

    package init(
        _ client: AWSClient, _ settings: DiscoverySettings, _ release: ReleaseFiles, _ scope: DeploymentScope
    ) {
        self.client = client
        self.settings = settings
        self.release = release
        self.scope = scope
    }

    // MARK: Plan

    /// What has to change. It reads, and changes nothing.
    package func plan() async throws -> DeploymentPlan {
        let found = try await scope.find(client, settings)
        var plan = DeploymentPlan(
            account: found.account, document: settings.document.name, version: release.version, sha256: release.sha256,
            regions: found.regions, notes: found.notes)
        let states = try await DocumentState.each(client, settings.document.name, &plan, named: scope.regions)
        plan.steps += try await uploads(plan.regions)
        if settings.agent.delivery == .https, !release.agents.isEmpty {
            plan.notes.append("delivery is https: put the agents of the release on your mirror yourself")
        }
        for (_, state) in states { plan.steps += try await state.steps(release, accounts: found.accounts) }
        return plan
    }

    private func uploads(_ regions: [String]) async throws(AWSError) -> [DeploymentPlan.Step] {
        guard settings.agent.delivery != .https, !release.agents.isEmpty else { return [] }
        var steps: [DeploymentPlan.Step] = []
        for bucket in try buckets(regions) {
            let owner = client.in(region: bucket.region)
            for agent in release.agents {
                let key = settings.agent.prefix + agent.name
                do throws(AWSError) {
                    let object = try await owner.send(S3.HeadObject(bucket: bucket.name, key: key))
                    if object.sha256 == agent.checksum { continue }
                } catch {
                    // Without the right to list the bucket, S3 denies an object that is not there.
                    guard error.kind == .notFound || error.kind == .denied else { throw error }
                }
                steps.append(
                    .init(
                        .upload, region: bucket.region, target: "s3://\(bucket.name)/\(key)",
                        sha256: agent.sha256))
            }
        }
        return steps
    }

    private func buckets(_ regions: [String]) throws(AWSError) -> [(name: String, region: String)] {
        var buckets: [String: String] = [:]
        for region in regions {
            guard let bucket = settings.agent.bucket(in: region) else {
                throw AWSError(
                    .configuration,
                    "discovery.agent_bucket is not set: name the bucket that hub.yaml made for the agents"
                )
            }
            buckets[bucket.name] = bucket.region ?? client.region
        }
        return buckets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: Apply

    /// Carries the plan out, one step after the other. What is done stays done: another `plan` shows what is left.
    ///
    /// - Parameter tell: is told of each step before it begins.
    package func apply(
        _ plan: DeploymentPlan, tell: (DeploymentPlan.Step) throws -> Void
    ) async throws {
        for step in plan.steps {
            try tell(step)
            let there = client.in(region: step.region)
            switch step.kind {
            case .upload: try await upload(step, there)
            case .createDocument:
                _ = try await there.send(
                    SSM.CreateDocument(
                        name: step.target, content: release.document, versionName: release.versionName,
                        tags: scope.tags))
                try await waitUntilActive(step, there)
            case .updateDocument:
                _ = try await there.send(
                    SSM.UpdateDocument(
                        name: step.target, content: release.document, versionName: release.versionName))
                try await waitUntilActive(step, there)
            case .share:
                _ = try await there.send(SSM.ModifyDocumentPermission(name: step.target, add: step.accounts ?? []))
            case .unshare:
                _ = try await there.send(SSM.ModifyDocumentPermission(name: step.target, remove: step.accounts ?? []))
            case .setDefault:
                let state = try await DocumentState(there, step.target)
                guard let version = try await state.version(of: release) else {
                    throw DeploymentError(
                        "the document \(step.target) in \(step.region) has no version with the SHA-256 "
                            + "\(release.sha256): another deployment is under way. Run `deploy plan` again")
                }
                _ = try await there.send(
                    SSM.UpdateDocumentDefaultVersion(name: step.target, documentVersion: version))
            case .deleteDocument, .deleteObject, .deleteBucket, .deleteStackInstances, .deleteStackSet, .deleteStack:
                throw DeploymentError("\(step.kind.rawValue) is no step of a release")
            }
        }
    }

    private func upload(_ step: DeploymentPlan.Step, _ there: AWSClient) async throws {
        guard let agent = release.agents.first(where: { $0.sha256 == step.sha256 }),
            let target = S3Target(step.target)
        else { throw DeploymentError("the release has no agent with the SHA-256 \(step.sha256 ?? "")") }
        do throws(AWSError) {
            _ = try await there.send(
                S3.PutObject(
                    bucket: target.bucket, key: target.key, body: agent.bytes, contentType: "application/gzip",
                    sha256: agent.checksum))
        } catch {
            guard error.kind == .notFound else { throw error }
            throw DeploymentError(
                "there is no bucket \(target.bucket): deploy packaging/aws/hub.yaml, or correct discovery.agent_bucket "
                    + "(\(error))")
        }
    }

    /// Waits until the newest version is active, and compares what AWS has with the release.
    private func waitUntilActive(_ step: DeploymentPlan.Step, _ there: AWSClient) async throws {
        var waited = 0.0
        while true {
            let document = try await there.send(
                SSM.DescribeDocument(name: step.target, documentVersion: "$LATEST")
            ).document
            switch document.status {
            case "Creating", "Updating":
                guard waited < Self.activeSeconds else {
                    throw DeploymentError(
                        "the document \(step.target) in \(step.region) is still \(document.status ?? "") after a minute: "
                            + "run `deploy apply` again, which goes on from here")
                }
                let pause = min(5, 0.2 + waited / 2)
                try await there.environment.sleep(.seconds(pause))
                waited += pause
            case "Failed":
                throw DeploymentError(
                    "AWS could not make the document \(step.target) in \(step.region): "
                        + (document.statusInformation ?? "no reason given"))
            default:
                guard document.hash?.lowercased() == release.sha256 else {
                    throw DeploymentError(
                        "AWS has the SHA-256 \(document.hash ?? "unknown") for the document \(step.target) in "
                            + "\(step.region) instead of \(release.sha256): another deployment is under way. Run "
                            + "`deploy plan` again")
                }
                return
            }
        }
    }
}

/// `s3://bucket/key`
struct S3Target {
    var bucket: String
    var key: String

    init?(_ text: String) {
        guard let match = text.wholeMatch(of: /s3:\/\/([^\/]+)\/(.*)/) else { return nil }
        (bucket, key) = (String(match.1), String(match.2))
    }
}

extension ReleaseFiles {
    /// The name of the document's version. One version of dbcensus has a document for each delivery.
    var versionName: String { "\(version)-\(sha256.prefix(16))" }
}
