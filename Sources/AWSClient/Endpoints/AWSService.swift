/// A service of AWS: how it is called, signed and addressed. Each file of `Services` declares one.
package struct AWSService: Sendable, Hashable {
    /// How its requests and answers are written.
    package enum Wire: Sendable, Hashable {
        /// JSON 1.1; the target prefix goes into the header `X-Amz-Target`.
        case json(target: String)
        /// A form; the answer is XML. EC2 spells errors and lists in its own way.
        case query(version: String)
        /// Methods and paths; the answer is XML or bytes.
        case rest
    }

    /// As in `AWS_ENDPOINT_URL_<ID>`, such as `SSM`.
    package var id: String
    /// The first label of its host name.
    package var prefix: String
    /// As in the signature and, before the colon, in IAM policies.
    package var signingName: String
    package var wire: Wire

    package init(id: String, prefix: String, signingName: String? = nil, wire: Wire) {
        self.id = id
        self.prefix = prefix
        self.signingName = signingName ?? prefix
        self.wire = wire
    }
}
