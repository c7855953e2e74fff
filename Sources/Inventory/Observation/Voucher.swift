import FoundationEssentials
import Report

/// What AWS says of the host that an output came from. A host can print any report; it cannot change this.
public struct Voucher: Codable, Sendable, Equatable {
    /// The account in which the command was sent.
    public var accountID: String
    /// The region in which it was sent.
    public var region: String
    /// The instance, or the managed node, whose invocation brought it.
    public var instanceID: String
    /// The run of discovery.
    public var jobID: String
    /// When AWS took the command.
    public var requestedAt: Date
    /// When the collector read the output.
    public var receivedAt: Date

    /// How far a host's clock may be off before its times are replaced, in seconds.
    static let tolerance: TimeInterval = 60

    /// What AWS says of one invocation.
    public init(
        accountID: String, region: String, instanceID: String, jobID: String, requestedAt: Date, receivedAt: Date
    ) {
        self.accountID = accountID
        self.region = region
        self.instanceID = instanceID
        self.jobID = jobID
        self.requestedAt = requestedAt
        self.receivedAt = receivedAt
    }

    /// A host's time, or the time of the command when the host's cannot be right.
    func time(_ claimed: Date) -> Date {
        let isWithin =
            claimed >= requestedAt.addingTimeInterval(-Self.tolerance)
            && claimed <= receivedAt.addingTimeInterval(Self.tolerance)
        return isWithin ? claimed : requestedAt
    }
}

extension Observation {
    /// The sender of what discovery brings over SSM.
    public static let discovery = "ssm"

    /// Makes the report one of the host that AWS names, whatever it says of itself.
    ///
    /// - Throws: `Refusal` when the report names another instance, or is no host's.
    public mutating func vouch(_ voucher: Voucher) throws(Refusal) {
        guard case .host(let host) = place else {
            throw Refusal(.invalid, "an instance sent the listing of a service")
        }
        if let claimed = host.claimedInstanceID, claimed != voucher.instanceID {
            throw Refusal(
                .agentMismatch,
                "the output of \(voucher.instanceID) in account \(voucher.accountID) is a report of \(claimed.prefix(40))"
            )
        }
        guard let vouched = host.vouched(voucher) else {
            throw Refusal(.noIdentity, "\(voucher.instanceID.prefix(40)) is no instance's id")
        }
        place = .host(vouched)
        startedAt = voucher.time(startedAt)
        started = Timestamp.format(startedAt)
        self.voucher = voucher
        sender = Self.discovery
    }
}

extension IncomingReport {
    /// Makes the report one of the host that AWS names; one that names another instance becomes a dead letter.
    public mutating func vouch(_ voucher: Voucher) {
        self.voucher = voucher
        guard case .observation(var observation) = content else { return }
        do throws(Refusal) {
            try observation.vouch(voucher)
            content = .observation(observation)
        } catch { content = .rejected(error, packed: observation.body) }
    }
}
