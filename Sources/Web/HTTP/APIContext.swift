import HTTPTypes
import Hummingbird
import HummingbirdCore
import Inventory
import Logging
import NIOCore
import Synchronization

/// What belongs to one request on its way through the chain.
public struct APIContext: RequestContext {
    /// What Hummingbird keeps.
    public var coreContext: CoreRequestContextStorage
    /// The peer's address, without its port.
    let address: String
    /// The client's own id for the request, or a new one.
    var requestID = ""
    /// The route; nil when no route has the path and the method.
    var endpoint: Endpoint?
    /// What the inner parts of the chain tell the outer ones.
    let outcome = Outcome()

    /// The context of a request that begins.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unix"
    }

    /// Who asked, known once access was checked.
    final class Outcome: Sendable {
        private let state = Mutex<AccessToken?>(nil)

        var token: AccessToken? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}

extension HTTPField.Name {
    static let requestID = known("X-Request-Id")
    static let referrerPolicy = known("Referrer-Policy")
    /// RFC 8288.
    static let link = known("Link")

    /// A name that this program writes out, and that is valid.
    static func known(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("\(text) is no field name") }
        return name
    }
}
