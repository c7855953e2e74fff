/// A header or query parameter: a name and a value.
package struct NamedValue: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request before it is signed and sent.
package struct HTTPCall: Sendable, Equatable {
    /// `GET`, `POST`, `PUT` or `HEAD`.
    package var method: String
    /// Scheme, host and port.
    package var origin: Origin
    /// The path as it is sent: begins with a slash, percent-encoded.
    package var path: String
    /// Query parameters, not encoded.
    package var query: [NamedValue]
    /// Headers. `host` is not among them: it follows from the origin.
    package var headers: [NamedValue]
    package var body: [UInt8]

    package init(
        _ method: String, _ origin: Origin, path: String = "/", query: [NamedValue] = [], headers: [NamedValue] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.origin = origin
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The address with its query.
    package var url: String {
        let query = self.query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return origin.description + path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}

/// An answer, its body read whole.
package struct HTTPAnswer: Sendable, Equatable {
    package var status: Int
    package var headers: [NamedValue]
    package var body: [UInt8]

    package init(status: Int, headers: [NamedValue] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header named `name`, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}
