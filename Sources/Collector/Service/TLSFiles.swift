import Foundation
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The certificate and the key of the server, read again when asked: new connections get the new ones.
final class TLSFiles: Sendable {
    private struct Pair {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
    }

    private let certificate: String
    private let privateKey: String
    private let pair: Mutex<Pair>

    /// The files that the settings name; nil without TLS.
    convenience init?(_ server: Configuration.Server) throws {
        guard let certificate = server.certificate, let key = server.privateKey else { return nil }
        do throws(ConfigurationError) { try self.init(certificate: certificate, privateKey: key) } catch {
            throw CollectorError(exitCode: .configuration, message: error.message)
        }
    }

    /// - Throws: `ConfigurationError` that names the file.
    init(certificate: String, privateKey: String) throws(ConfigurationError) {
        self.certificate = certificate
        self.privateKey = privateKey
        pair = Mutex(try Self.read(certificate, privateKey))
    }

    /// Reads the files again; when they are invalid, the old ones stay and it throws.
    func reload() throws(ConfigurationError) {
        let new = try Self.read(certificate, privateKey)
        pair.withLock { $0 = new }
    }

    /// What the server speaks: TLS 1.2 and later.
    func configuration() -> TLSConfiguration {
        let now = pair.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: now.chain, privateKey: now.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.sslContextCallback = { [self] _, promise in
            let pair = pair.withLock { $0 }
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = pair.chain
            override.privateKey = pair.key
            promise.succeed(override)
        }
        return configuration
    }

    private static func read(_ certificate: String, _ privateKey: String) throws(ConfigurationError) -> Pair {
        func attempt<Value>(_ file: String, _ what: String, _ body: () throws -> Value) throws(ConfigurationError)
            -> Value
        {
            do { return try body() } catch let error as ConfigurationError {
                throw ConfigurationError("\(file) is not a readable \(what) in PEM: \(error.message)")
            } catch {
                throw ConfigurationError("\(file) is not a readable \(what) in PEM: \(error)")
            }
        }
        let chain = try attempt(certificate, "certificate") {
            try NIOSSLCertificate.fromPEMBytes(try RegularFile.read(certificate))
        }
        let key = try attempt(privateKey, "private key") {
            try NIOSSLPrivateKey(bytes: try RegularFile.read(privateKey), format: .pem)
        }
        let pair = Pair(chain: chain.map { .certificate($0) }, key: .privateKey(key))
        _ = try attempt(privateKey, "key of the certificate in \(certificate)") {
            try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key))
        }
        return pair
    }
}
