import Foundation
import Synchronization

/// The services: who calls, what for, and what is answered.
final class Simulator: Sendable {
    let fleet: Fleet
    let identities: Identities
    let throttle: Throttle
    let commands: CommandBook
    let objects = ObjectStore()
    let faults: Faults
    /// Mean milliseconds that a call takes.
    let latency: Double
    private let counts = Mutex<[String: Int]>([:])

    init(
        fleet: Fleet, identities: Identities, throttle: Throttle, commands: CommandBook, latency: Double,
        faults: Faults
    ) {
        self.faults = faults
        self.fleet = fleet
        self.identities = identities
        self.throttle = throttle
        self.commands = commands
        self.latency = latency
    }

    typealias HTTPAnswer = (status: Int, headers: [String: String], body: [UInt8])

    /// The answer to `request`, and what goes wrong with it.
    func answer(_ request: HTTPCall) async -> (answer: HTTPAnswer, fault: Fault?) {
        if request.path.hasPrefix("/_simulator") { return (truth(request), nil) }
        let service = Signature(request).flatMap { Service(rawValue: $0.service) } ?? request.guessedService
        let fault = faults.draw("\(service.rawValue):\(request.action(of: service))")
        switch fault {
        case .error:
            let failure = AWSFailure("InternalFailure", "simulated", status: 500)
            return (service.reply(failure, requestID: "simulated", isHead: request.method == "HEAD"), nil)
        case .reset: return ((500, [:], []), fault)
        default: return (await answered(request), fault)
        }
    }

    /// The answer to `request`: status, headers and body.
    private func answered(_ request: HTTPCall) async -> HTTPAnswer {
        let requestID = UUID().uuidString.lowercased()
        let signature = Signature(request)
        let service = signature.flatMap { Service(rawValue: $0.service) } ?? request.guessedService
        let action = request.action(of: service)
        if latency > 0 { try? await Task.sleep(for: .milliseconds(latency * Double.random(in: 0.5...1.5))) }
        do throws(AWSFailure) {
            let call = try call(request, service, action, signature, requestID)
            let answer = try call.answer()
            count(service, action, "ok")
            return call.reply(answer)
        } catch {
            count(service, service.actions.contains(action) ? action : "unknown", error.code)
            return service.reply(error, requestID: requestID, isHead: request.method == "HEAD")
        }
    }

    private func call(
        _ request: HTTPCall, _ service: Service, _ action: String, _ signature: Signature?, _ requestID: String
    ) throws(AWSFailure) -> Call {
        guard let signature else { throw service.unsigned }
        guard let key = identities.use(signature.accessKey), key.token == signature.token else {
            throw service.unknownKey
        }
        guard let age = signature.age, abs(age) < 300 || signature.expires != nil else {
            throw service.skewed(
                signature.timestamp, now: Date().formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted)))
        }
        guard signature.isMade(by: key.secret, of: request) else { throw service.wrongSignature }
        guard key.callsLeft >= 0, key.expires > Date() else { throw service.expired }
        if let seconds = signature.expires, age > Double(seconds) {
            throw AWSFailure("AccessDenied", "Request has expired", status: 403)
        }
        let region = fleet.size.regions.firstIndex(of: signature.region)
        if region == nil, service == .ec2 || service == .ssm { throw service.unknownKey }
        if let region, service == .ec2 || service == .ssm, fleet.isDenied(key.principal.account, region: region) {
            throw service.denied(key.principal, action, byPolicy: true)
        }
        if key.principal.isRole, identities.settings.denied.contains("\(service.rawValue):\(action)") {
            throw service.denied(key.principal, action)
        }
        guard service.actions.contains(action) else {
            let isJSON = service == .ssm || service == .organizations
            throw AWSFailure(
                isJSON ? "UnknownOperationException" : service == .s3 ? "MethodNotAllowed" : "InvalidAction",
                "fleet-simulator has no action \(action)", status: service == .s3 ? 405 : 400)
        }
        guard
            throttle.takes(
                account: key.principal.account.id, region: signature.region, action: action,
                isRegional: service == .ec2 || service == .ssm)
        else {
            throw service.throttled
        }
        return Call(
            simulator: self, service: service, action: action, region: signature.region, regionIndex: region ?? 0,
            principal: key.principal, request: request, requestID: requestID)
    }

    private func count(_ service: Service, _ action: String, _ outcome: String) {
        counts.withLock { $0["\(service.rawValue):\(action) \(outcome)", default: 0] += 1 }
    }

    /// `/_simulator`: the calls by action and outcome; `/_simulator/instances`: what each instance is, one a line;
    /// `/_simulator/sessions`: the roles that were assumed; `/_simulator/terminate/ID` makes an instance go.
    private func truth(_ request: HTTPCall) -> (status: Int, headers: [String: String], body: [UInt8]) {
        if request.path == "/_simulator/instances" {
            var body: [UInt8] = []
            for number in 0..<(fleet.size.accounts * fleet.size.regions.count * fleet.size.instances) {
                let instance = fleet.instance(number)
                let region = fleet.size.regions.firstIndex(of: instance.region) ?? 0
                body +=
                    JSON.object([
                        ("instance", .string(instance.id)), ("account", .string(instance.account.id)),
                        ("region", .string(instance.region)), ("kind", .string(instance.kind.rawValue)),
                        ("outcome", .string(instance.outcome.rawValue)),
                        ("databases", .number(Double(instance.databases))),
                        ("gone", .bool(fleet.isGone(instance))),
                        ("commands", .number(Double(commands.count(of: instance)))),
                        ("account_denied", .bool(instance.account.deniesRole)),
                        ("account_suspended", .bool(instance.account.isSuspended)),
                        ("region_denied", .bool(fleet.isDenied(instance.account, region: region))),
                    ]).bytes + [UInt8(ascii: "\n")]
            }
            return (200, ["Content-Type": "application/jsonl"], body)
        }
        if request.path.hasPrefix("/_simulator/terminate/"), let id = request.path.split(separator: "/").last,
            let number = Int(id.suffix(9), radix: 16)
        {
            fleet.terminate(fleet.instance(number))
            return (200, ["Content-Type": "application/json"], JSON.object([]).bytes)
        }
        if request.path == "/_simulator/sessions" {
            let sessions = identities.lastSessions.map { session -> JSON in
                .object([
                    ("account", .string(session.account)), ("role", .string(session.role)),
                    ("name", .string(session.name)), ("source_identity", session.sourceIdentity.map(JSON.string)),
                    ("tags", .object(session.tags.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
                ])
            }
            return (200, ["Content-Type": "application/json"], JSON.array(sessions).bytes)
        }
        let calls = counts.withLock { $0 }.sorted { $0.key < $1.key }.map {
            ($0.key, JSON?.some(.number(Double($0.value))))
        }
        return (200, ["Content-Type": "application/json"], JSON.object([("calls", .object(calls))]).bytes)
    }
}

extension HTTPCall {
    /// The service of a request without a signature.
    var guessedService: Service {
        switch header("x-amz-target")?.split(separator: ".").first {
        case "AmazonSSM": .ssm
        case "AWSOrganizationsV20161128": .organizations
        default: method == "POST" ? .sts : .s3
        }
    }

    func action(of service: Service) -> String {
        switch service {
        case .ssm, .organizations:
            header("x-amz-target").flatMap { $0.split(separator: ".").last.map(String.init) } ?? ""
        case .sts, .ec2, .sns: Self.pairs(String(decoding: body, as: UTF8.self))["Action"] ?? queryValue("Action") ?? ""
        case .s3: ["GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject"][method] ?? method
        }
    }
}
