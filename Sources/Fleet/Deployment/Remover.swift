import AWSClient
import Foundation

/// Takes away what `Deployer` and the templates made in AWS. What is on the hosts `HostCleaner` removes, before.
package struct Remover: Sendable {
    /// What there is besides documents and agents.
    package struct Parts: Sendable {
        /// Whether the bucket goes too, if nothing else is in it.
        package var bucket = false
        package var stackSets: [String] = []
        package var stacks: [String] = []
        package var callAs = CloudFormation.CallAs.own

        package init() {}
    }

    let client: AWSClient
    let settings: DiscoverySettings
    let scope: DeploymentScope
    let parts: Parts

    /// Seconds between two looks at an operation, and until the wait ends.
    private static let pause = 5.0
    private static let patience = 3_600.0

    package init(_ client: AWSClient, _ settings: DiscoverySettings, _ scope: DeploymentScope, _ parts: Parts) {
        self.client = client
        self.settings = settings
        self.scope = scope
        self.parts = parts
    }

    // MARK: Plan

    /// What is there to be removed. It reads, and changes nothing.
    package func plan() async throws -> DeploymentPlan {
        let found = try await scope.find(client, settings)
        let name = settings.document.name
        var plan = DeploymentPlan(account: found.account, document: name, regions: found.regions, notes: found.notes)
        for (region, state) in try await DocumentState.each(client, name, &plan, named: scope.regions) {
            guard state.current != nil else { continue }
            for group in try await state.sharing().map(\.accountId).sorted().groups {
                plan.steps.append(.init(.unshare, region: region, target: name, accounts: group))
            }
            plan.steps.append(.init(.deleteDocument, region: region, target: name))
        }
        let buckets = try await objects(&plan)
        for stackSet in parts.stackSets { try await stacks(of: stackSet, &plan) }
        for stack in parts.stacks {
            do throws(AWSError) { _ = try await client.send(CloudFormation.DescribeStacks(stack: stack)) } catch {
                guard error.kind == .invalid || error.code == "ValidationError" else { throw error }
                plan.notes.append("there is no stack \(stack) in \(client.region)")
                continue
            }
            plan.steps.append(.init(.deleteStack, region: client.region, target: stack))
        }
        // A stack keeps its bucket: it goes after it.
        plan.steps += buckets
        return plan
    }

    /// Adds the agents to the plan; the answer is the steps for the buckets that are empty then.
    private func objects(_ plan: inout DeploymentPlan) async throws -> [DeploymentPlan.Step] {
        guard settings.agent.delivery != .https else { return [] }
        var buckets: [DeploymentPlan.Step] = []
        var seen: Set<String> = []
        for region in plan.regions {
            guard let bucket = settings.agent.bucket(in: region), seen.insert(bucket.name).inserted else { continue }
            guard bucket.region != nil || scope.regions.isEmpty else {
                plan.notes.append("the bucket \(bucket.name) stays, because regions that you did not name use it too")
                continue
            }
            let place = bucket.region ?? client.region
            let versions: [S3.Version]
            do throws(AWSError) {
                versions = try await client.in(region: place).all(S3.ListObjectVersions(bucket: bucket.name))
            } catch {
                guard error.kind == .notFound else { throw error }
                plan.notes.append("there is no bucket \(bucket.name)")
                continue
            }
            let own = versions.filter { $0.key.hasPrefix(settings.agent.prefix + "dbcensus-agent-") }
            for version in own {
                plan.steps.append(
                    .init(
                        .deleteObject, region: place, target: "s3://\(bucket.name)/\(version.key)",
                        objectVersion: version.id))
            }
            guard parts.bucket else { continue }
            if own.count == versions.count {
                buckets.append(.init(.deleteBucket, region: place, target: "s3://\(bucket.name)/"))
            } else {
                plan.notes.append(
                    "the bucket \(bucket.name) stays: it has \(versions.count - own.count) other versions of objects")
            }
        }
        return buckets
    }

    private func stacks(of stackSet: String, _ plan: inout DeploymentPlan) async throws {
        do throws(AWSError) {
            let instances = try await instances(stackSet)
            if !instances.isEmpty {
                let accounts = Set(instances.map(\.account)).sorted()
                plan.steps.append(
                    .init(.deleteStackInstances, region: client.region, target: stackSet, accounts: accounts))
            }
            plan.steps.append(.init(.deleteStackSet, region: client.region, target: stackSet))
        } catch {
            guard error.code == "StackSetNotFoundException" else { throw error }
            plan.notes.append("there is no StackSet \(stackSet) in \(client.region)")
        }
    }

    private func instances(_ stackSet: String) async throws(AWSError) -> [CloudFormation.StackInstance] {
        try await client.all(CloudFormation.ListStackInstances(stackSet: stackSet, callAs: parts.callAs))
    }

    // MARK: Apply

    /// Carries the plan out, one step after the other. What is gone stays gone: another plan shows what is left.
    package func apply(_ plan: DeploymentPlan, tell: (DeploymentPlan.Step) throws -> Void) async throws {
        for step in plan.steps {
            try tell(step)
            let there = client.in(region: step.region)
            switch step.kind {
            case .unshare:
                _ = try await there.send(SSM.ModifyDocumentPermission(name: step.target, remove: step.accounts ?? []))
            case .deleteDocument: _ = try await there.send(SSM.DeleteDocument(name: step.target))
            case .deleteObject:
                guard let object = S3Target(step.target), let version = step.objectVersion else { continue }
                try await there.send(
                    S3.DeleteObjectVersion(bucket: object.bucket, key: object.key, version: version))
            case .deleteBucket:
                guard let bucket = S3Target(step.target)?.bucket else { continue }
                do throws(AWSError) { try await there.send(S3.DeleteBucket(bucket: bucket)) } catch {
                    guard error.kind == .notFound else { throw error }
                }
            case .deleteStackInstances: try await deleteInstances(step.target, there)
            case .deleteStackSet:
                try await there.send(CloudFormation.DeleteStackSet(stackSet: step.target, callAs: parts.callAs))
            case .deleteStack: try await deleteStack(step.target, there)
            case .upload, .createDocument, .updateDocument, .share, .setDefault:
                throw DeploymentError("\(step.kind.rawValue) removes nothing")
            }
        }
    }

    private func deleteInstances(_ stackSet: String, _ there: AWSClient) async throws {
        let found = try await instances(stackSet)
        let operation = try await there.send(
            CloudFormation.DeleteStackInstances(
                stackSet: stackSet, callAs: parts.callAs, units: Set(found.compactMap(\.unit)).sorted(),
                accounts: Set(found.map(\.account)).sorted(), regions: Set(found.map(\.region)).sorted()))
        try await wait("the StackSet \(stackSet)", there) {
            let status = try await there.send(
                CloudFormation.DescribeStackSetOperation(
                    stackSet: stackSet, operation: operation, callAs: parts.callAs))
            if status == "FAILED" || status == "STOPPED" {
                throw DeploymentError(
                    "the operation \(operation) on the StackSet \(stackSet) ended as \(status): its stacks say why, with "
                        + "`aws cloudformation list-stack-set-operation-results`")
            }
            return status == "SUCCEEDED"
        }
        // The operation succeeds even if some of its stacks did not.
        let left = Set(try await instances(stackSet).map(\.account)).sorted()
        guard left.isEmpty else {
            throw DeploymentError(
                "the StackSet \(stackSet) still has stacks in \(left.count) accounts, such as \(left[0]): its stacks say why, "
                    + "with `aws cloudformation list-stack-instances`. Then run it again")
        }
    }

    private func deleteStack(_ stack: String, _ there: AWSClient) async throws {
        try await there.send(CloudFormation.DeleteStack(stack: stack))
        try await wait("the stack \(stack)", there) {
            do throws(AWSError) {
                let state = try await there.send(CloudFormation.DescribeStacks(stack: stack))
                guard state.status == "DELETE_FAILED" else { return state.status == "DELETE_COMPLETE" }
                throw AWSError(
                    .other, "the stack \(stack) could not be removed: \(state.reason ?? "AWS gives no reason")")
            } catch {
                guard error.kind == .invalid || error.code == "ValidationError" else { throw error }
                return true
            }
        }
    }

    private func wait(_ what: String, _ there: AWSClient, _ isDone: () async throws -> Bool) async throws {
        var waited = 0.0
        while try await !isDone() {
            guard waited < Self.patience else {
                throw DeploymentError("\(what) is still there after an hour: look at it in CloudFormation's console")
            }
            try await there.environment.sleep(.seconds(Self.pause))
            waited += Self.pause
        }
    }
}
