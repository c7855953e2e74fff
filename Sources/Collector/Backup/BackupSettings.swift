import AWSClient
import Foundation
import Logging
import Store

extension Configuration {
    /// Backups that `serve` takes by itself.
    struct Backup: Sendable, Equatable {
        var every = Duration.seconds(86_400)
        var to: String?
        var keep = 14
        var encryptionKey: String?
        var roleARN: String?
        var region: String?

        /// The bucket and the prefix of `s3://bucket/prefix`; nil for a folder.
        var bucket: (name: String, prefix: String)? {
            guard let to, to.hasPrefix("s3://") else { return nil }
            let parts = to.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let prefix = parts.count > 1 ? String(parts[1]) : ""
            return (String(parts[0]), prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/")
        }

        /// Throws when values do not fit together.
        func validate() throws(ConfigurationError) {
            guard every >= .seconds(1) else { throw ConfigurationError("backup.every is 0: write a time such as 1d") }
            guard let to else { return }
            if let bucket {
                guard bucket.name.wholeMatch(of: /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/) != nil else {
                    throw ConfigurationError("backup.to \"\(to)\" names no bucket: write s3://BUCKET/PREFIX")
                }
                return
            }
            guard to.hasPrefix("/") else {
                throw ConfigurationError(
                    "backup.to \"\(to)\" is no absolute path and no bucket: write /FOLDER or s3://BUCKET/PREFIX")
            }
            guard encryptionKey == nil, roleARN == nil, region == nil else {
                throw ConfigurationError(
                    "backup.kms_key, backup.role_arn and backup.region are for a bucket, and backup.to is a folder")
            }
        }
    }
}

extension Setting where Root == Configuration {
    /// The settings of backups.
    static let backup: [Setting<Configuration>] = [
        .init(
            "backup.to", \.backup.to, .optional(.text),
            """
            Where serve keeps backups of the store: an absolute path of a folder, or s3://BUCKET/PREFIX. Without it, \
            serve takes none.
            """),
        .init("backup.every", \.backup.every, .duration, "Time between two backups."),
        .init(
            "backup.keep", \.backup.keep, .integer(1...10_000), "Backups that are kept. Older ones are removed."),
        .init(
            "backup.kms_key", \.backup.encryptionKey, .optional(.text),
            "The key of AWS KMS that encrypts backups in a bucket. Without it, the bucket's own setting holds."),
        .init(
            "backup.role_arn", \.backup.roleARN, .optional(.text),
            "A role that the collector assumes to write backups, for a bucket of another account."),
        .init(
            "backup.region", \.backup.region, .optional(.text),
            "The region of the bucket, if it is not the collector's region."),
    ]
}

extension Configuration {
    /// Where backups are kept; nil when the configuration asks for none.
    func backupTarget(hub: @escaping @Sendable () async throws(AWSError) -> AWSClient) -> (any BackupTarget)? {
        guard let to = backup.to else { return nil }
        guard let bucket = backup.bucket else { return BackupFolder(place: to) }
        let (role, region) = (backup.roleARN, backup.region)
        return BackupBucket(
            bucket: bucket.name, prefix: bucket.prefix, encryptionKey: backup.encryptionKey,
            scratch: store.path + ".backup"
        ) { () async throws(AWSError) in
            var client = try await hub()
            if let role { client = client.assuming(role: role, session: "dbcensus-backup") }
            return region.map(client.in(region:)) ?? client
        }
    }
}

extension Backups {
    /// The backups that the configuration asks for; nil when it asks for none.
    convenience init?(
        _ configuration: Configuration, _ store: InventoryStore, logger: Logger,
        hub: @escaping @Sendable () async throws(AWSError) -> AWSClient
    ) {
        guard let target = configuration.backupTarget(hub: hub) else { return nil }
        self.init(
            store, to: target, every: configuration.backup.every, keep: configuration.backup.keep,
            scratch: configuration.store.path + ".backup-check", logger: logger)
    }
}
