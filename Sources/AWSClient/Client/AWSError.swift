/// Why a call to AWS failed, and what to do.
package struct AWSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller decides by. `rawValue` is a label of metrics and logs.
    package enum Kind: String, Sendable, CaseIterable {
        /// AWS limits the rate; the retries did not help.
        case throttled
        /// A policy does not allow the action.
        case denied
        /// A service control policy of the organisation denies the action.
        case deniedBySCP = "denied_by_scp"
        case notFound = "not_found"
        /// The credentials are expired.
        case expired
        /// The access key is unknown, or the region is not enabled for the account.
        case unrecognizedCredentials = "unrecognized_credentials"
        /// The account did not enable the region, or did not sign up for the service.
        case regionDisabled = "region_disabled"
        /// This machine's clock is wrong.
        case skewedClock = "skewed_clock"
        /// AWS rejected the input.
        case invalid
        /// AWS failed, or is too busy: status 500 to 504.
        case unavailable
        /// AWS answered with a redirection: the resource is in another region.
        case redirected
        /// No answer came: name, connection, proxy.
        case network
        case certificate
        case timeout
        /// The answer is not one that the service gives.
        case malformed
        /// No credentials were found, or they could not be obtained.
        case credentials
        /// A setting, a profile or a file cannot be used.
        case configuration
        case cancelled
        /// Any other refusal: see `code`.
        case other
    }

    package var kind: Kind
    /// What failed, why, and what to do next. AWS's own message is in it, and may hold any text.
    package var message: String
    /// The service's code, such as `ThrottlingException`.
    package var code: String?
    package var status: Int?
    package var requestID: String?
    /// `service:Action`.
    package var action: String?
    package var account: String?
    package var region: String?
    /// How often the call was sent.
    package var attempts: Int

    package init(_ kind: Kind, _ message: String, code: String? = nil, status: Int? = nil, requestID: String? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
        self.status = status
        self.requestID = requestID
        attempts = 0
    }

    package var description: String {
        var text = message
        if let action { text = "\(action)\(region.map { " in \($0)" } ?? "") failed: \(text)" }
        let details = [code, requestID.map { "request \($0)" }].compactMap { $0 }
        return details.isEmpty ? text : "\(text) (\(details.joined(separator: ", ")))"
    }
}
