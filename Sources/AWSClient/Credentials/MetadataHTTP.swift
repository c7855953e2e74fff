import Foundation

/// Small HTTP requests to the endpoints that give credentials.
struct MetadataHTTP: Sendable {
    static let answerLimit = 64 << 10

    let environment: AWSEnvironment
    /// The source's name, for errors.
    let source: String
    var timeout: Duration = .seconds(5)
    /// Attempts, with a pause that doubles from 100 ms between them.
    var attempts = 3

    /// The answer, whatever its status; answers of 500 and above are asked for again.
    func send(_ call: HTTPCall) async throws(AWSError) -> HTTPAnswer {
        var pause = Duration.milliseconds(100)
        for attempt in 1... {
            do throws(TransportError) {
                let answer = try await environment.transport.send(call, timeout: timeout, limit: Self.answerLimit)
                if answer.status < 500 || attempt >= attempts { return answer }
            } catch {
                if error.cause == .cancelled { throw AWSError(.cancelled, "cancelled") }
                guard attempt < attempts else { throw AWSError(.credentials, "\(source): \(error.message)") }
            }
            do { try await environment.sleep(pause) } catch { throw AWSError(.cancelled, "cancelled") }
            pause *= 2
        }
        preconditionFailure("the loop above has no end")
    }

    /// The JSON of an answer with status 200.
    func json<Answer: Decodable>(_ type: Answer.Type, _ call: HTTPCall) async throws(AWSError) -> Answer {
        let answer = try await send(call)
        guard answer.status == 200 else {
            throw AWSError(.credentials, "\(source) answered with status \(answer.status)", status: answer.status)
        }
        do { return try JSONDecoder().decode(type, from: Data(answer.body)) } catch {
            throw AWSError(.credentials, "\(source) answered something that holds no credentials")
        }
    }
}

/// The JSON that IMDS, ECS and EKS Pod Identity answer with.
struct MetadataCredentials: Decodable {
    var AccessKeyId: String
    var SecretAccessKey: String
    var Token: String?
    var Expiration: String
    var AccountId: String?

    func credentials(from source: String) throws(AWSError) -> AWSCredentials {
        guard let expiration = AWSDate.parse(Expiration) else {
            throw AWSError(.credentials, "\(source) gave an Expiration that is no ISO 8601 time")
        }
        return AWSCredentials(
            accessKeyID: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiration: expiration,
            account: AccountId, source: source)
    }
}
