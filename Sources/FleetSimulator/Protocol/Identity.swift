import Foundation
import Synchronization

/// Who calls.
struct Principal: Sendable {
    var account: Account
    var arn: String
    var userID: String
    /// A role's session, which may take another role for an hour at most.
    var isRole: Bool
}

/// The hub's user, and the sessions of the roles that were assumed.
final class Identities: Sendable {
    struct Settings: Sendable {
        var accessKey = "AKIAFLEETSIMULATOR00"
        var secretKey = "fleet-simulator"
        /// The roles that each account has.
        var roles = ["dbcensus-spoke"]
        /// What AssumeRole must be given; nil takes calls without an external id alone.
        var externalID: String? = "fleet"
        /// What the roles may not call, as `service:Action`.
        var denied: Set<String> = []
        /// Whether the trust policies allow sts:TagSession and sts:SetSourceIdentity.
        var takesTags = true
        /// Whether the management account has the roles: a StackSet does not reach it.
        var hasManagementRole = true
    }

    struct Key: Sendable {
        var secret: String
        var token: String?
        var principal: Principal
        var expires: Date
        /// Calls that are answered before the session ends early.
        var callsLeft: Int
    }

    /// A session as CloudTrail shows it.
    struct Session: Sendable {
        var account: String
        var role: String
        var name: String
        var tags: [String: String]
        var sourceIdentity: String?
    }

    let settings: Settings
    let fleet: Fleet
    private let noted = Mutex<[Session]>([])
    private let sessions = Mutex<[String: Key]>([:])
    private let expiredOnce = Mutex<Set<Int>>([])

    init(_ settings: Settings, _ fleet: Fleet) {
        self.settings = settings
        self.fleet = fleet
    }

    /// The key with this id, with one call taken from it.
    func use(_ id: String) -> Key? {
        if id == settings.accessKey {
            let arn = "arn:\(fleet.partition):iam::\(fleet.hub.id):user/dbcensus"
            let user = Principal(account: fleet.hub, arn: arn, userID: "AIDAFLEETSIMULATOR00", isRole: false)
            return Key(
                secret: settings.secretKey, token: nil, principal: user, expires: .distantFuture, callsLeft: .max)
        }
        return sessions.withLock { sessions in
            guard var key = sessions[id] else { return nil }
            key.callsLeft -= 1
            sessions[id] = key
            return key
        }
    }

    /// Keeps what CloudTrail would show of a session: the last thousand.
    func note(_ session: Session) {
        noted.withLock { noted in
            noted.append(session)
            if noted.count > 1_000 { noted.removeFirst() }
        }
    }

    var lastSessions: [Session] { noted.withLock { $0 } }

    /// A session of a role, for so many seconds.
    func session(_ account: Account, role: String, name: String, seconds: Int) -> (id: String, key: Key) {
        let endsEarly = account.sessionExpires && expiredOnce.withLock { $0.insert(account.index).inserted }
        let id = "ASIA" + String(UUID().uuidString.filter { $0 != "-" }.prefix(16))
        let roleID = "AROAFLEETSIMULATOR00"
        let principal = Principal(
            account: account, arn: "arn:\(fleet.partition):sts::\(account.id):assumed-role/\(role)/\(name)",
            userID: "\(roleID):\(name)", isRole: true)
        let key = Key(
            secret: UUID().uuidString, token: "FleetSimulator/\(UUID().uuidString)+/==", principal: principal,
            expires: Date(timeIntervalSinceNow: Double(seconds)), callsLeft: endsEarly ? 20 : .max)
        sessions.withLock { sessions in
            if sessions.count > 20_000 { sessions = sessions.filter { $0.value.expires > Date() } }
            sessions[id] = key
        }
        return (id, key)
    }
}
