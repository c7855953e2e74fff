import Crypto
import Foundation
import Inventory
import Report

/// What a token allows.
public enum Scope: String, Sendable, CaseIterable {
    /// Every question, but for tokens and the audit log.
    case read
    /// Sending reports.
    case ingest
    /// Starting scans.
    case scan
    /// Everything.
    case admin
}

/// An API token: `dbc_<id>_<secret>`. The id is no secret. The store has only a SHA-256 of the secret, which is enough
/// for 256 random bits.
public struct Token: Sendable {
    /// 12 hexadecimal digits.
    public var id: String
    /// 64 hexadecimal digits.
    public var secret: String

    /// The token as it is handed out, once.
    public var text: String { "dbc_\(id)_\(secret)" }

    /// A new token.
    init() {
        func hex(_ bytes: Int) -> String {
            let key = SymmetricKey(size: SymmetricKeySize(bitCount: bytes * 8))
            return key.withUnsafeBytes { $0.hex }
        }
        id = hex(6)
        secret = hex(32)
    }

    /// The token in `text`; nil when it has another form.
    init?(_ text: Substring) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "dbc", parts[1].utf8.count == 12, parts[2].utf8.count == 64,
            parts[1...].allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } })
        else { return nil }
        id = String(parts[1])
        secret = String(parts[2])
    }

    /// What the store keeps of the secret.
    public var hash: [UInt8] { Array(SHA256.hash(data: Data(secret.utf8))) }

    /// Whether the secret has this hash, in constant time.
    func matches(_ hash: [UInt8]) -> Bool {
        // swift-crypto compares a digest with bytes in constant time.
        SHA256.hash(data: Data(secret.utf8)) == Data(hash)
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits a byte.
    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension AccessToken {
    /// Whether it allows `scope`; `admin` allows everything.
    func allows(_ scope: Scope) -> Bool {
        let scopes = scopes.split(separator: " ")
        return scopes.contains { $0 == scope.rawValue || $0 == Scope.admin.rawValue }
    }
}
