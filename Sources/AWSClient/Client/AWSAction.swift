/// A role of the product that calls AWS. Each has an IAM policy of its own.
package enum AWSRole: String, Sendable, CaseIterable {
    /// The collector in the hub account.
    case hub
    /// Assumed by the collector in each account.
    case spoke
    /// Installs and updates the product.
    case deploy
    /// Removes the product: an administrator, once.
    case remove
    /// Writes exports.
    case export
    /// Writes backups.
    case backup
    /// Makes and reads snapshots of volumes.
    case snapshot
}

/// What an action is called and who may call it.
package struct ActionDescription: Sendable {
    package var service: AWSService
    /// As in the API, such as `SendCommand`.
    package var name: String
    package var roles: Set<AWSRole>
    /// What it is called for: the reason in the list of permissions.
    package var reason: String
    /// The IAM action, where its name differs.
    package var permission: String
    /// Sent without a signature.
    package var isUnsigned: Bool
    /// Whether a second call after one that was not answered does no harm. Otherwise only a refusal is tried again.
    package var isIdempotent: Bool

    package init(
        _ service: AWSService, _ name: String, roles: Set<AWSRole>, reason: String, permission: String? = nil,
        isUnsigned: Bool = false, isIdempotent: Bool = true
    ) {
        self.service = service
        self.name = name
        self.roles = roles
        self.reason = reason
        self.permission = permission ?? "\(service.signingName):\(name)"
        self.isUnsigned = isUnsigned
        self.isIdempotent = isIdempotent
    }

    /// `service:Action`, in errors, logs and metrics.
    package var label: String { "\(service.signingName):\(name)" }
}

/// A call to AWS: the input as properties, and how its answer is read.
///
/// Conform to `JSONAction`, `QueryAction` or `RESTAction`, which write the request.
package protocol AWSAction: Sendable {
    associatedtype Output: Sendable
    static var description: ActionDescription { get }
    /// The longest answer, in bytes.
    static var answerLimit: Int { get }
    /// How long one attempt may take.
    static var timeout: Duration { get }
    /// The request, without the service's own headers.
    func call(to origin: Origin, path: String, isOwnEndpoint: Bool) throws(AWSError) -> HTTPCall
    /// Reads an answer with a status from 200 to 299.
    static func output(_ answer: HTTPAnswer) throws(AWSError) -> Output
}

extension AWSAction {
    package static var answerLimit: Int { 16 << 20 }
    package static var timeout: Duration { .seconds(60) }
}

/// An action whose answer comes in pages.
package protocol PagedAction: AWSAction {
    associatedtype Item: Sendable
    static func items(_ output: Output) -> [Item]
    /// The token of the next page; empty or `nil` on the last one.
    static func nextToken(_ output: Output) -> String?
    var nextToken: String? { get set }
}
