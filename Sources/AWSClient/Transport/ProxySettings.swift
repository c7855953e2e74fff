import Foundation

/// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in capitals or small letters; small letters win, as in curl.
struct ProxySettings: Sendable, Equatable {
    struct Proxy: Sendable, Equatable {
        var host: String
        var port: Int
        /// `user:password`, percent-decoded.
        var login: String?
    }

    var secure: Proxy?
    var plain: Proxy?
    /// Names and networks that are reached directly.
    var exceptions: [String]

    /// - Throws: `credentials`-free words on the variable that cannot be read.
    init(variables: [String: String]) throws(AWSError) {
        func value(_ name: String) -> (name: String, text: String)? {
            for name in [name.lowercased(), name] {
                if let text = variables[name], !text.isEmpty { return (name, text) }
            }
            return nil
        }
        secure = try value("HTTPS_PROXY").map(Self.proxy)
        // A web server sets HTTP_PROXY from a request's header Proxy ("httpoxy"): the capitals are not read in one.
        plain =
            variables["REQUEST_METHOD"] == nil || variables["http_proxy"] != nil
            ? try value("HTTP_PROXY").map(Self.proxy) : nil
        exceptions = (value("NO_PROXY")?.text ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    private static func proxy(_ variable: (name: String, text: String)) throws(AWSError) -> Proxy {
        var text = variable.text[...]
        if let scheme = text.range(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw AWSError(
                    .configuration,
                    "\(variable.name) names a proxy that is not reached by http:// (https:// and socks "
                        + "are not supported)")
            }
            text = text[scheme.upperBound...]
        }
        var login: String?
        if let at = text.lastIndex(of: "@") {
            login = String(text[..<at]).removingPercentEncoding ?? String(text[..<at])
            text = text[text.index(after: at)...]
        }
        text = text.prefix { $0 != "/" }
        var port = 80
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            guard let number = Int(text[text.index(after: colon)...]), (1...65_535).contains(number) else {
                throw AWSError(.configuration, "\(variable.name) has no valid port: write http://HOST:PORT")
            }
            port = number
            text = text[..<colon]
        }
        guard !text.isEmpty else {
            throw AWSError(.configuration, "\(variable.name) has no host: write http://HOST:PORT")
        }
        return Proxy(host: text.filter { $0 != "[" && $0 != "]" }, port: port, login: login)
    }

    /// The proxy for a request to `origin`, if it goes through one.
    func proxy(for origin: Origin) -> Proxy? {
        guard let proxy = origin.scheme == "https" ? secure : plain, !isExcepted(origin) else { return nil }
        return proxy
    }

    /// Whether an entry of `NO_PROXY` is the host, a parent domain of it, a network around it, or `*`.
    private func isExcepted(_ origin: Origin) -> Bool {
        let host = origin.host.lowercased().filter { $0 != "[" && $0 != "]" }
        return exceptions.contains { entry in
            if entry == "*" { return true }
            if let network = IPv4Network(entry), let address = IPv4Network.address(host) {
                return network.contains(address)
            }
            var name =
                entry.hasPrefix("*.") ? entry.dropFirst(2) : entry.hasPrefix(".") ? entry.dropFirst() : entry[...]
            if let colon = name.lastIndex(of: ":"), let port = Int(name[name.index(after: colon)...]),
                name.filter({ $0 == ":" }).count == 1
            {
                guard port == origin.port ?? (origin.scheme == "https" ? 443 : 80) else { return false }
                name = name[..<colon]
            }
            name = name.filter { $0 != "[" && $0 != "]" }[...]
            return host == name || host.hasSuffix("." + name)
        }
    }
}

/// `10.0.0.0/8`.
private struct IPv4Network {
    private let base: UInt32
    private let mask: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[1]), (0...32).contains(length),
            let address = Self.address(String(parts[0]))
        else { return nil }
        mask = length == 0 ? 0 : ~0 << (32 - UInt32(length))
        base = address & mask
    }

    func contains(_ address: UInt32) -> Bool { address & mask == base }

    static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4, !parts.contains(nil) else { return nil }
        return parts.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }
    }
}
