import AWSClient
import Foundation
import Inventory
import Logging

/// Sends one batch, reads what its hosts answer, and keeps it.
struct BatchRunner {
    let environment: FleetEnvironment
    let lease: TaskLease
    let settings: DiscoverySettings
    /// The account's client, in the task's region.
    let client: AWSClient
    let hub: (client: AWSClient, account: String)
    let documents: DocumentFinder
    let pace: PollPace
    /// Places for batches whose reports are read and stored.
    let intake: FairLimiter

    /// Seconds before each look for a command whose answer was lost: AWS lists it a moment later.
    private static let lookPauses = [1.0, 2.0, 4.0]
    /// Seconds before a batch was sent in which its command is looked for: the clock may have been set meanwhile.
    private static let lookBack = 3_600.0
    /// Pages of a command's list, which has 50 hosts at most.
    private static let mostPages = 50
    /// Looks in a row that may fail.
    private static let mostFailures = 8
    /// How long after its lease was seen a command may be sent: less than a lease lasts.
    private static let longestHold = Duration.seconds(30)
    /// Seconds that a cancelled command has to end.
    private static let cancelSeconds = 45.0

    func run(_ batch: Batch) async throws {
        var batch = batch
        if batch.state == .sending, batch.commandID == nil {
            // What was sent a moment ago AWS may not list yet.
            let age = batch.sendingAt.map { environment.now().timeIntervalSince($0) } ?? 0
            batch.commandID = try await lost(batch, pauses: abs(age) < 60 ? Self.lookPauses : [0])
        }
        if batch.commandID == nil { batch.commandID = try await send(batch) }
        guard let command = batch.commandID else { return }
        if batch.state != .sent {
            let (found, now) = (batch, environment.now())
            try await environment.stored { [lease] in try $0.sent(found, commandID: command, lease, now: now) }
        }
        try await follow(batch, command, wasSent: batch.state == .sent)
    }

    // MARK: Sending

    /// The command of the batch; nil when it was not sent: the run stopped, or AWS refused one of the hosts.
    private func send(_ batch: Batch) async throws -> String? {
        let request = try await request(batch)
        let now = environment.now()
        var held: ContinuousClock.Instant
        repeat {
            held = .now
            guard try await environment.stored({ [lease] in try $0.beginSending(batch, lease, now: now) }) else {
                return nil
            }
            // It took long, or this process was paused: another one may have the task by now.
        } while ContinuousClock.now - held >= Self.longestHold
        do throws(AWSError) {
            let command = try await client.send(request).command
            environment.metrics.change { $0.commands += 1 }
            return command.commandId
        } catch {
            switch error.kind {
            case .network, .timeout, .unavailable, .malformed, .cancelled:
                // AWS may have sent it: only its own list tells.
                if let command = try await lost(batch, pauses: Self.lookPauses) { return command }
                try await takeBack(batch, limit: SSM.commandSize)
                throw error
            default:
                guard error.code == "InvalidInstanceId" else {
                    try await takeBack(batch, limit: SSM.commandSize)
                    throw error
                }
                guard batch.hosts.count == 1, let host = batch.hosts.keys.first else {
                    try await takeBack(batch, limit: (batch.hosts.count + 1) / 2)
                    return nil
                }
                _ = try await finish(
                    [HostResult(host, .undeliverable, detail: "invalid_instance")], batch, isLast: true)
                return nil
            }
        }
    }

    private func takeBack(_ batch: Batch, limit: Int) async throws {
        try await environment.stored { [lease] in try $0.takeBack(batch, limit: limit, lease) }
    }

    private func request(_ batch: Batch) async throws -> SSM.SendCommand {
        let name = SpokeAccess.document(settings, client, hub: hub.account, account: lease.accountID)
        let document = try await documents.document(
            settings, job: lease.job, hub.client.in(region: client.region), environment)
        var request = SSM.SendCommand(
            documentName: name, instanceIds: batch.hosts.keys.sorted(),
            parameters: ["fetch": [batch.fetches ? "yes" : "no"]])
        if settings.agent.delivery != .presigned {
            request.parameters["architecture"] = [batch.architecture]
        } else if batch.fetches, let bucket = settings.agent.bucket(in: client.region) {
            let object = S3.GetObject(
                bucket: bucket.name,
                key: settings.agent.key(batch.architecture, version: document.agentVersion ?? settings.agent.version))
            let seconds = min(604_800, settings.deliverySeconds + settings.commandSeconds)
            let owner = hub.client.in(region: bucket.region ?? hub.client.region)
            request.parameters["url"] = [try await owner.presign(object, seconds: seconds)]
        }
        request.documentVersion = document.version
        if let hash = document.hash {
            (request.documentHash, request.documentHashType) = (hash, "Sha256")
        }
        request.comment = batch.comment
        request.timeoutSeconds = settings.deliverySeconds
        // All 50 at once: the limits are ours.
        request.maxConcurrency = "100%"
        if let bucket = settings.outputBucket {
            (request.outputS3BucketName, request.outputS3KeyPrefix) = (bucket, settings.outputPrefix)
        }
        return request
    }

    /// The command of a batch whose answer was lost, by its comment; nil when AWS does not have it.
    private func lost(_ batch: Batch, pauses: [Double]) async throws -> String? {
        guard let host = batch.hosts.keys.min() else { return nil }
        let since = (batch.sendingAt ?? environment.now()).addingTimeInterval(-Self.lookBack)
        for pause in pauses {
            if pause > 0 { try await client.environment.sleep(.seconds(pause)) }
            let found = try await client.all(SSM.ListCommandInvocations(instanceId: host, since: since))
            if let command = found.first(where: { $0.comment == batch.comment }) { return command.commandId }
        }
        return nil
    }

    // MARK: Following

    /// Looks at a command until each of its hosts has its reason.
    private func follow(_ batch: Batch, _ command: String, wasSent: Bool) async throws {
        let clock = ContinuousClock()
        let began = clock.now
        var deadline = began + .seconds(settings.commandSeconds)
        var open = batch.hosts
        let isScout = !wasSent && pace.isScout()
        while !wasSent, let pause = pace.pause(waited: (clock.now - began) / .seconds(1), isScout: isScout) {
            try await client.environment.sleep(.seconds(pause))
        }
        var wait = 0.0
        var failures = 0
        var cancelled: Reason?
        while !open.isEmpty {
            if wait > 0 { try await client.environment.sleep(.seconds(wait)) }
            wait = pace.next(after: wait)
            let invocations: [SSM.Invocation]
            do throws(AWSError) {
                environment.metrics.change { $0.polls += 1 }
                invocations = try await client.all(
                    SSM.ListCommandInvocations(commandId: command), most: Self.mostPages
                ).filter { $0.commandId == command }
                failures = 0
            } catch {
                failures += 1
                // Right after it was sent AWS may not know it yet.
                let isPassing = [.throttled, .network, .timeout, .unavailable, .malformed, .notFound].contains(
                    error.kind)
                guard isPassing, failures <= Self.mostFailures else { throw error }
                continue
            }
            var rest = invocations[...]
            var counts: JobCounts
            repeat {
                let (results, printed) = try await read(&rest, &open, batch, cancelled: cancelled)
                let isLast = open.isEmpty
                guard !printed.isEmpty else {
                    counts = try await finish(results, batch, isLast: isLast)
                    continue
                }
                counts = try await intake.with(lease.accountID) {
                    try await finish(results + (try await take(printed)), batch, isLast: isLast)
                }
            } while !rest.isEmpty && !open.isEmpty
            if open.isEmpty, cancelled == nil { pace.ended(after: Self.seconds(began, clock.now, invocations)) }
            if open.isEmpty { return }
            if cancelled == nil, counts.stop == .cancelled || clock.now > deadline {
                cancelled = counts.stop == .cancelled ? .cancelled : .timedOut
                await cancel(command)
                (deadline, wait) = (clock.now + .seconds(Self.cancelSeconds), 1)
            } else if let reason = cancelled, clock.now > deadline {
                let rest = open.keys.map { HostResult($0, reason, detail: "no_answer") }
                _ = try await finish(rest, batch, isLast: true)
                return
            }
        }
    }

    /// Cancels a command. One that cannot be cancelled comes to its end by itself.
    private func cancel(_ command: String) async {
        do throws(AWSError) { _ = try await client.send(SSM.CancelCommand(commandId: command)) } catch {
            environment.logger(lease).warning(
                "cannot cancel a command", metadata: ["command": "\(command)", "error": "\(error)"])
        }
    }

    /// Seconds until the last host of a command had ended, by its own account, within what the looks saw.
    private static func seconds(
        _ began: ContinuousClock.Instant, _ now: ContinuousClock.Instant, _ invocations: [SSM.Invocation]
    ) -> Double {
        let seen = (now - began) / .seconds(1)
        let ends = invocations.compactMap { invocation -> Double? in
            guard let start = invocation.requestedDateTime else { return nil }
            let last = invocation.commandPlugins?.compactMap(\.responseFinishDateTime).max()
            return last.map { $0.timeIntervalSince(start) }
        }
        guard let longest = ends.max(), longest > 0 else { return seen }
        return min(seen, longest)
    }

    private func finish(_ results: [HostResult], _ batch: Batch, isLast: Bool) async throws -> JobCounts {
        let (lease, now) = (lease, environment.now())
        guard !results.isEmpty || isLast else { return try await environment.stored { try $0.counts(lease.job.row) } }
        let counts = try await environment.stored {
            try $0.finish(results, of: batch, isLast: isLast, lease, now: now)
        }
        environment.metrics.change { metrics in
            for result in results where result.again == nil {
                metrics.hosts[result.reason.rawValue, default: 0] += 1
            }
        }
        try await Brake(environment: environment, settings: settings).look(counts, lease.job)
        return counts
    }
}
