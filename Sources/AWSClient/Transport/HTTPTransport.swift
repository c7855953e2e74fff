/// Sends one request and reads its answer. It neither retries nor follows redirections.
package protocol HTTPTransport: Sendable {
    /// - Parameters:
    ///   - timeout: of the request with its answer.
    ///   - limit: bytes of the answer's body; a longer one is `tooLarge`.
    func send(_ call: HTTPCall, timeout: Duration, limit: Int) async throws(TransportError) -> HTTPAnswer
}

/// Why no answer came.
package struct TransportError: Error, Sendable, Equatable {
    package enum Cause: String, Sendable {
        /// The name does not resolve, nothing listens, or the connection broke.
        case connection
        /// The server's certificate is not trusted, or it is for another name.
        case certificate
        /// No answer in time.
        case timeout
        /// The body is larger than the limit.
        case tooLarge
        /// The bytes are no HTTP, or they end before the announced length.
        case malformed
        /// The caller's task was cancelled.
        case cancelled
    }

    package var cause: Cause
    /// What happened, in words.
    package var message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }
}
