import Foundation
import Synchronization

/// The documents of each account and region.
final class DocumentBook: Sendable {
    /// A document with its versions, the oldest first.
    struct Entry: Sendable {
        struct Version: Sendable {
            var number: Int
            var name: String?
            var document: Document
            var madeAt = Date()

            /// A version is not active at once.
            func status(first: String) -> String {
                madeAt.timeIntervalSinceNow > -DocumentBook.delay ? first : "Active"
            }
        }

        var name: String
        /// The account that made it; `Amazon` for AWS's own.
        var owner: String
        var versions: [Version]
        var defaultVersion: Int
        /// With whom it is shared, and which versions; nil with all.
        var shared: [String: String]?

        var latest: Int { versions.last?.number ?? 0 }
    }

    /// Seconds that a new version is `Creating` or `Updating`.
    static let delay = 0.3
    static let mostVersions = 1_000
    static let mostAccounts = 1_000
    static let mostBytes = 64 << 10

    private let entries: Mutex<[String: Entry]>

    /// The hub has `documents` in each region, and shares them with all accounts.
    init(_ fleet: Fleet, _ documents: [Document]) {
        var entries: [String: Entry] = [:]
        for region in fleet.size.regions {
            for document in documents {
                let owner = document.name.hasPrefix("AWS-") ? "Amazon" : fleet.hub.id
                let first = Entry.Version(number: 1, document: document, madeAt: Date(timeIntervalSince1970: 0))
                entries["\(owner)/\(region)/\(document.name)"] = Entry(
                    name: document.name, owner: owner, versions: [first], defaultVersion: 1)
            }
        }
        self.entries = Mutex(entries)
    }

    func entry(_ name: String, owner: String, region: String) -> Entry? {
        entries.withLock { $0["\(owner)/\(region)/\(name)"] }
    }

    /// Changes a document, or makes or removes it.
    func change<Value>(
        _ name: String, owner: String, region: String, _ body: (inout Entry?) throws(AWSFailure) -> Value
    ) throws(AWSFailure) -> Value {
        try entries.withLock { (entries) throws(AWSFailure) -> Value in
            try body(&entries["\(owner)/\(region)/\(name)"])
        }
    }
}

extension DocumentBook.Entry {
    /// A version by its number, `$DEFAULT` or `$LATEST`, or by its name; the default one without.
    func version(_ wanted: String?, name: String? = nil) throws(AWSFailure) -> Version {
        let found =
            if let name {
                versions.last { $0.name == name }
            } else {
                switch wanted ?? "$DEFAULT" {
                case "$DEFAULT": versions.last { $0.number == defaultVersion }
                case "$LATEST": versions.last
                case let text: versions.last { String($0.number) == text }
                }
            }
        guard let found else {
            throw AWSFailure("InvalidDocumentVersion", "The document version is not valid or does not exist.")
        }
        return found
    }

    /// What another account may use of it; nil if it is not shared with that account.
    func seen(by account: String) -> Self? {
        guard let shared else { return self }
        var seen = self
        switch shared[account] ?? shared["all"] {
        case "$ALL": return self
        case "$LATEST": seen.versions = versions.suffix(1)
        case "$DEFAULT": seen.versions = versions.filter { $0.number == defaultVersion }
        default: return nil
        }
        return seen
    }
}
