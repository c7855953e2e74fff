import Foundation

/// Where a request goes: scheme, host and port.
package struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// `https` or `http`.
    package var scheme: String
    /// A name or an address; an IPv6 address has its brackets.
    package var host: String
    /// `nil` for the scheme's own port.
    package var port: Int?

    package init(scheme: String = "https", host: String, port: Int? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The `Host` header.
    package var authority: String { port.map { "\(host):\($0)" } ?? host }
    package var description: String { "\(scheme)://\(authority)" }

    /// Reads `https://host[:port][/path]`: the origin, and the path without a slash at its end.
    package static func parse(_ url: String) -> (origin: Origin, path: String)? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.percentEncodedHost, !host.isEmpty,
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else { return nil }
        let path = parts.percentEncodedPath
        let port = parts.port == (scheme == "https" ? 443 : 80) ? nil : parts.port
        return (Origin(scheme: scheme, host: host, port: port), path.hasSuffix("/") ? String(path.dropLast()) : path)
    }
}
