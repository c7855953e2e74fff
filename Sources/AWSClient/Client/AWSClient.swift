import Foundation
import Logging

/// Sends actions as one identity to one region: signs, sends, retries, and gives typed answers and errors.
///
/// A client is a value: `in(region:)` and `assuming(role:…)` give others that share budgets, limits and connections.
///
///     let account = try await client.send(STS.GetCallerIdentity()).account
///     for try await instance in client.in(region: "eu-west-1").items(EC2.DescribeInstances()) { … }
package struct AWSClient: Sendable {
    /// A call that the rate limit would hold for longer fails as throttled.
    static let longestWait = 60.0

    package var environment: AWSEnvironment
    package var settings: AWSSettings
    /// `nil` for actions without a signature.
    package var credentials: (any CredentialsProvider)?
    /// The account's id, for logs and rate limits; `-` while it is not known.
    package var account: String
    package var region: String
    package var traffic: AWSTraffic

    package init(
        environment: AWSEnvironment, settings: AWSSettings, credentials: (any CredentialsProvider)?, account: String,
        region: String, traffic: AWSTraffic = AWSTraffic()
    ) {
        self.environment = environment
        self.settings = settings
        self.credentials = credentials
        self.account = account
        self.region = region
        self.traffic = traffic
    }

    /// The same identity in another region.
    package func `in`(region: String) -> AWSClient {
        var other = self
        other.region = region
        return other
    }

    /// A role that this client's identity may assume. Its credentials are refreshed ahead of their end.
    package func assuming(
        role: String, session: String, externalID: String? = nil, seconds: Int? = nil, tags: [String: String] = [:],
        sourceIdentity: String? = nil
    ) -> AWSClient {
        var other = self
        other.account = RoleCredentials.account(of: role) ?? account
        var credentials = RoleCredentials(
            self, role: role, session: session, externalID: externalID, seconds: seconds)
        credentials.request.tags = tags
        credentials.request.sourceIdentity = sourceIdentity
        other.credentials = CachedCredentials(credentials, now: environment.now)
        return other
    }

    /// Sends an action until it succeeds, its error is final, or the attempts or the budget are used up.
    package func send<Action: AWSAction>(_ action: Action) async throws(AWSError) -> Action.Output {
        let description = Action.description
        let lane = traffic.lane(
            AWSTraffic.Key(account: account, region: region, action: description.label), at: seconds)
        var taken: Int?
        var renewed = false
        for attempt in 1... {
            let outcome: Outcome<Action.Output>
            do throws(AWSError) {
                try await waitForRate(lane)
                outcome = try await self.attempt(action, attempt, lane)
            } catch { throw described(error, description, attempt) }
            switch outcome {
            case .success(let output):
                lane.budget.succeeded(taken: taken)
                return output
            case .failure(let error, let isTransient, let asked, let used):
                // Expired in mid-run: once with fresh credentials, at once.
                if error.kind == .expired, !renewed, let credentials, let used {
                    renewed = true
                    await credentials.invalidate(used)
                    continue
                }
                let isThrottled = error.kind == .throttled
                // A call that AWS may have carried out is not sent again: the caller has to look.
                guard isTransient, isThrottled || description.isIdempotent, attempt < settings.maxAttempts,
                    let cost = lane.budget.take(isThrottled: isThrottled)
                else { throw described(error, description, attempt) }
                taken = cost
                let pause = Backoff.pause(
                    retry: attempt - 1, isThrottled: isThrottled, asked: asked, random: environment.random())
                do { try await environment.sleep(pause) } catch {
                    throw described(AWSError(.cancelled, "cancelled"), description, attempt)
                }
            }
        }
        preconditionFailure("the loop above has no end")
    }

    private enum Outcome<Output: Sendable> {
        case success(Output)
        case failure(AWSError, isTransient: Bool, asked: Double?, used: AWSCredentials?)
    }

    private var seconds: Double { environment.now().timeIntervalSinceReferenceDate }

    private func waitForRate(_ lane: AWSTraffic.Lane) async throws(AWSError) {
        guard settings.retryMode == .adaptive else { return }
        guard let wait = lane.rate.reserve(at: seconds, longest: Self.longestWait) else {
            throw AWSError(
                .throttled,
                "AWS throttled earlier calls so often that this one would wait for more than \(Int(Self.longestWait)) s: "
                    + "lower the concurrency")
        }
        guard wait > 0 else { return }
        do { try await environment.sleep(.seconds(wait)) } catch { throw AWSError(.cancelled, "cancelled") }
    }

    /// The request, signed unless the action needs no signature.
    private func request<Action: AWSAction>(
        _ action: Action
    ) async throws(AWSError) -> (call: HTTPCall, used: AWSCredentials?) {
        let description = Action.description
        var (call, signer) = try await unsigned(action)
        if !description.isUnsigned {
            guard let signer else { throw AWSError(.credentials, "this client has no credentials") }
            call = signer.sign(call)
        }
        // Not signed: a proxy may change it.
        call.headers.append(NamedValue("User-Agent", Self.userAgent))
        return (call, description.isUnsigned ? nil : signer?.credentials)
    }

    private static let userAgent = "dbcensus"

    private func unsigned<Action: AWSAction>(_ action: Action) async throws(AWSError) -> (HTTPCall, SigV4?) {
        let service = Action.description.service
        let (origin, path) = try settings.endpoints.endpoint(service, region: region)
        let call = try action.call(to: origin, path: path, isOwnEndpoint: settings.endpoints.isOwn(service))
        guard let credentials else { return (call, nil) }
        // Organizations is one service for a partition.
        let region = service == .organizations ? Partition.of(region).organizationsRegion : region
        var signer = SigV4(
            credentials: try await credentials.credentials(), region: region, service: service.signingName,
            date: environment.now())
        (signer.normalizesPath, signer.encodesPath) = (service != .s3, service != .s3)
        signer.addsBodyHash = service == .s3
        return (call, signer)
    }

    /// A URL that sends `action` without credentials for so many seconds, or until the credentials expire.
    ///
    /// - Parameter seconds: 1 to 604,800.
    package func presign<Action: RESTAction>(_ action: Action, seconds: Int) async throws(AWSError) -> String {
        guard (1...604_800).contains(seconds) else {
            throw AWSError(.invalid, "a presigned URL is valid for 1 to 604,800 seconds, not \(seconds)")
        }
        let (call, signer) = try await unsigned(action)
        guard let signer else { throw AWSError(.credentials, "this client has no credentials") }
        return signer.presign(call, seconds: seconds).url
    }

    private func attempt<Action: AWSAction>(
        _ action: Action, _ attempt: Int, _ lane: AWSTraffic.Lane
    ) async throws(AWSError) -> Outcome<Action.Output> {
        let description = Action.description
        let (call, used) = try await request(action)
        let start = environment.now()
        let outcome: Outcome<Action.Output>
        var requestID: String?
        do throws(TransportError) {
            let answer = try await environment.transport.send(
                call, timeout: Action.timeout, limit: Action.answerLimit)
            requestID = answer.header("x-amzn-requestid") ?? answer.header("x-amz-request-id")
            outcome = read(answer, of: Action.self, used)
        } catch {
            outcome = .failure(
                Self.error(error), isTransient: [.connection, .timeout, .malformed].contains(error.cause), asked: nil,
                used: used)
        }
        let took = environment.now().timeIntervalSince(start)
        var word = "ok"
        if case .failure(let error, _, _, _) = outcome {
            word = error.kind.rawValue
            requestID = error.requestID ?? requestID
        }
        lane.rate.answered(isThrottled: word == AWSError.Kind.throttled.rawValue, at: seconds)
        traffic.metrics.record(action: description.label, outcome: word, attempt: attempt, seconds: took)
        environment.logger.debug(
            "AWS call",
            metadata: [
                "action": "\(description.label)", "account": "\(account)", "region": "\(region)",
                "attempt": "\(attempt)", "outcome": "\(word)", "milliseconds": "\(Int(took * 1000))",
                "aws_request_id": "\(requestID ?? "-")",
            ])
        return outcome
    }

    private func read<Action: AWSAction>(
        _ answer: HTTPAnswer, of: Action.Type, _ used: AWSCredentials?
    ) -> Outcome<Action.Output> {
        if (200..<300).contains(answer.status) {
            do throws(AWSError) { return .success(try Action.output(answer)) } catch {
                var error = error
                error.status = answer.status
                // The service sent it whole: the next answer would be the same.
                return .failure(error, isTransient: false, asked: nil, used: used)
            }
        }
        let refusal = ErrorAnswer(answer, service: Action.description.service, now: environment.now())
        let error = AWSError(
            refusal.kind, refusal.message, code: refusal.code, status: answer.status, requestID: refusal.requestID)
        return .failure(error, isTransient: refusal.isTransient, asked: Backoff.asked(answer), used: used)
    }

    private static func error(_ error: TransportError) -> AWSError {
        let kind: AWSError.Kind =
            switch error.cause {
            case .connection: .network
            case .certificate: .certificate
            case .timeout: .timeout
            case .tooLarge, .malformed: .malformed
            case .cancelled: .cancelled
            }
        return AWSError(kind, error.message)
    }

    private func described(_ error: AWSError, _ description: ActionDescription, _ attempts: Int) -> AWSError {
        var error = error
        // An error on the way to the credentials names its own action.
        guard error.action == nil else { return error }
        error.action = description.label
        error.account = account
        error.region = region
        error.attempts = attempts
        return error
    }
}
