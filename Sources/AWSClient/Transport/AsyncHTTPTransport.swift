import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The network: async-http-client with the certificate authorities and proxies that the environment names.
///
/// Call `shutdown()` before the last reference goes away.
package final class AsyncHTTPTransport: HTTPTransport {
    /// Connections to one host at a time.
    package static let connectionsPerHost = 64
    private static let connectTimeout: TimeAmount = .seconds(10)

    private let direct: HTTPClient
    /// One client for each proxy.
    private let proxied: [(proxy: ProxySettings.Proxy, client: HTTPClient)]
    private let proxies: ProxySettings

    /// - Parameter authorities: a PEM file with the authorities to trust instead of the system's (`AWS_CA_BUNDLE`).
    /// - Throws: `configuration` when the file holds no certificate, or a proxy's address cannot be read.
    package init(variables: [String: String], authorities: String? = nil) throws(AWSError) {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = Self.connectTimeout
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsPerHost
        // Retries are counted and spaced where the budget is.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let path = authorities {
            do {
                let certificates = try NIOSSLCertificate.fromPEMFile(path)
                guard !certificates.isEmpty else { throw CocoaError(.fileReadCorruptFile) }
                configuration.tlsConfiguration = .makeClientConfiguration()
                configuration.tlsConfiguration?.trustRoots = .certificates(certificates)
            } catch {
                throw AWSError(
                    .configuration,
                    "cannot read certificates from \(path): check AWS_CA_BUNDLE, or ca_bundle in the profile")
            }
        }
        proxies = try ProxySettings(variables: variables)
        direct = HTTPClient(configuration: configuration)
        proxied = [proxies.secure, proxies.plain].compactMap { $0 }.map { proxy in
            var configuration = configuration
            configuration.proxy = .server(
                host: proxy.host, port: proxy.port,
                authorization: proxy.login.map { .basic(credentials: Data($0.utf8).base64EncodedString()) })
            return (proxy, HTTPClient(configuration: configuration))
        }
    }

    /// Closes the connections.
    package func shutdown() async {
        try? await direct.shutdown()
        for entry in proxied { try? await entry.client.shutdown() }
    }

    package func send(_ call: HTTPCall, timeout: Duration, limit: Int) async throws(TransportError) -> HTTPAnswer {
        let proxy = proxies.proxy(for: call.origin)
        let client = proxied.first { $0.proxy == proxy }?.client ?? direct
        var request = HTTPClientRequest(url: call.url)
        request.method = HTTPMethod(rawValue: call.method)
        for header in call.headers { request.headers.add(name: header.name, value: header.value) }
        if !call.body.isEmpty || call.method == "POST" || call.method == "PUT" {
            request.body = .bytes(ByteBuffer(bytes: call.body))
        }
        do {
            let deadline = NIODeadline.now() + TimeAmount(timeout)
            let response = try await client.execute(request, deadline: deadline)
            var answer = HTTPAnswer(
                status: Int(response.status.code),
                headers: response.headers.map { NamedValue($0.name, $0.value) })
            if call.method != "HEAD" {
                answer.body = Array(buffer: try await response.body.collect(upTo: limit))
            }
            return answer
        } catch { throw Self.problem(error, call.origin, limit) }
    }

    private static func problem(_ error: any Error, _ origin: Origin, _ limit: Int) -> TransportError {
        let host = origin.authority
        switch error {
        case is CancellationError: return TransportError(.cancelled, "cancelled")
        case is NIOTooManyBytesError: return TransportError(.tooLarge, "\(host) answered more than \(limit) bytes")
        case let error as NIOConnectionError:
            let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
            guard let code = codes.first else {
                let missing = error.dnsAError != nil || error.dnsAAAAError != nil
                return TransportError(
                    .connection,
                    missing
                        ? "no address is known for \(host): check the region and the DNS" : "cannot connect to \(host)")
            }
            return TransportError(.connection, "cannot connect to \(host): \(String(cString: strerror(code)))")
        case let error as IOError:
            return TransportError(
                .connection, "the connection to \(host) broke: \(String(cString: strerror(error.errnoCode)))")
        case NIOSSLError.handshakeFailed(let cause): return handshake(cause, host)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return TransportError(.certificate, "the certificate of \(host) is for another name")
        case is HTTPParserError, is NIOHTTP1.HTTPParserError:
            return TransportError(.malformed, "\(host) did not answer in HTTP, or its answer is shorter than announced")
        case let error as HTTPClientError: return client(error, host)
        default: return TransportError(.connection, "no answer from \(host): \(error)")
        }
    }

    private static func handshake(_ cause: any Error, _ host: String) -> TransportError {
        TransportError(
            .certificate,
            "the certificate of \(host) is not trusted, or it does not speak TLS: name its authority with AWS_CA_BUNDLE "
                + "(\(cause))")
    }

    private static func client(_ error: HTTPClientError, _ host: String) -> TransportError {
        switch error {
        case .cancelled: TransportError(.cancelled, "cancelled")
        case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
            .httpProxyHandshakeTimeout, .tlsHandshakeTimeout:
            TransportError(.timeout, "\(host) did not answer in time")
        case .remoteConnectionClosed: TransportError(.connection, "\(host) closed the connection before it answered")
        case .proxyAuthenticationRequired:
            TransportError(.connection, "the proxy wants a user name and a password for \(host)")
        default:
            TransportError(.malformed, "\(host) did not answer as an HTTP server does (\(error.shortDescription))")
        }
    }
}
