import AWSClient
import Foundation
import Store
import Web

/// Where backups are kept.
protocol BackupTarget: Sendable {
    /// The place, for messages.
    var place: String { get }
    /// The backups that are there, also those of other stores.
    func names() async throws -> [BackupName]
    /// Takes a backup of the store. It is there when this returns; when it throws, nothing is.
    func take(_ store: InventoryStore, _ name: BackupName) async throws
    /// Makes the new file `path` of a backup.
    func fetch(_ name: BackupName, to path: String) async throws
    func remove(_ name: BackupName) async throws
}

extension BackupTarget {
    /// The backup's place, for messages.
    func path(_ name: BackupName) -> String { place + (place.hasSuffix("/") ? "" : "/") + name.text }
}

/// A folder of this machine, or one that is mounted.
struct BackupFolder: BackupTarget {
    let place: String

    func names() async throws -> [BackupName] {
        try await Blocking.run { [place] in
            do {
                return try FileManager.default.contentsOfDirectory(atPath: place).compactMap(BackupName.init)
            } catch { throw BackupError("cannot list \(place): \(error.localizedDescription). Make the folder.") }
        }
    }

    func take(_ store: InventoryStore, _ name: BackupName) async throws {
        try await Blocking.run { [place] in
            removeUnfinished()
            try store.backup(to: "\(place)/\(name.text)")
        }
    }

    /// What a collector that was killed left: nothing has been written to it for an hour.
    private func removeUnfinished() {
        for file in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] where file.hasSuffix(".partial")
        {
            guard BackupName(String(file.dropLast(".partial".count))) != nil,
                let written = try? FileManager.default.attributesOfItem(atPath: "\(place)/\(file)")[.modificationDate]
                    as? Date,
                Date().timeIntervalSince(written) > 3_600
            else { continue }
            try? FileManager.default.removeItem(atPath: "\(place)/\(file)")
        }
    }

    func fetch(_ name: BackupName, to path: String) async throws {
        try await Blocking.run { [place] in
            try FileManager.default.copyItem(atPath: "\(place)/\(name.text)", toPath: path)
        }
    }

    func remove(_ name: BackupName) async throws {
        try await Blocking.run { [place] in try FileManager.default.removeItem(atPath: "\(place)/\(name.text)") }
    }
}

/// A bucket of Amazon S3, and a prefix in it.
struct BackupBucket: BackupTarget {
    let bucket: String
    /// Ends in a slash, or is empty.
    let prefix: String
    let encryptionKey: String?
    /// A file next to the store, for the copy that is sent.
    let scratch: String
    let client: @Sendable () async throws(AWSError) -> AWSClient

    /// Bytes that are sent and read at a time, at least; an upload has at most 10,000 parts.
    private static let part = 16 << 20

    var place: String { "s3://\(bucket)/\(prefix)" }

    func names() async throws -> [BackupName] {
        try await client().all(S3.ListObjectsV2(bucket: bucket, prefix: prefix + BackupName.beginning))
            .compactMap { BackupName(String($0.dropFirst(prefix.count))) }
    }

    func take(_ store: InventoryStore, _ name: BackupName) async throws {
        let client = try await client()
        try? FileManager.default.removeItem(atPath: scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        try await Blocking.run { [scratch] in try store.backup(to: scratch) }
        let key = prefix + name.text
        let upload = try await client.send(
            S3.CreateMultipartUpload(bucket: bucket, key: key, encryptionKey: encryptionKey))
        do {
            let tags = try await send(to: client, key, upload)
            try await client.send(
                S3.CompleteMultipartUpload(bucket: bucket, key: key, upload: upload, tags: tags))
        } catch {
            // Parts of an upload that nobody ends are paid for, for ever.
            let abort = S3.AbortMultipartUpload(bucket: bucket, key: key, upload: upload)
            let left = await Task { () -> AWSError? in
                do throws(AWSError) { try await client.send(abort) } catch { return error }
                return nil
            }.value
            guard let left else { throw error }
            throw BackupError(
                "\(error); and parts of upload \(upload) may be left in \(place), because \(left.message)")
        }
    }

    private func send(to client: AWSClient, _ key: String, _ upload: String) async throws -> [String] {
        let file = try FileHandle(forReadingFrom: URL(filePath: scratch))
        defer { try? file.close() }
        let size = Int(try file.seekToEnd())
        try file.seek(toOffset: 0)
        let part = max(Self.part, (size + 9_999) / 10_000)
        var tags: [String] = []
        while let bytes = try await Blocking.run({ try file.read(upToCount: part) }), !bytes.isEmpty {
            tags.append(
                try await client.send(
                    S3.UploadPart(
                        bucket: bucket, key: key, upload: upload, number: tags.count + 1, body: Array(bytes))))
        }
        return tags
    }

    func fetch(_ name: BackupName, to path: String) async throws {
        let client = try await client()
        let key = prefix + name.text
        guard let size = try await client.send(S3.HeadObject(bucket: bucket, key: key)).length else {
            throw BackupError("S3 did not say how long \(place)\(name.text) is")
        }
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw BackupError("cannot write \(path): check its folder's owner, mode and free space") }
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? file.close() }
        for start in stride(from: 0, to: size, by: Self.part) {
            let range = start..<min(size, start + Self.part)
            let object = try await client.send(S3.GetObject(bucket: bucket, key: key, bytes: range))
            guard object.body.count == range.count else {
                throw BackupError("S3 answered \(object.body.count) instead of \(range.count) bytes of \(key)")
            }
            try await Blocking.run { try file.write(contentsOf: object.body) }
        }
    }

    func remove(_ name: BackupName) async throws {
        try await client().send(S3.DeleteObject(bucket: bucket, key: prefix + name.text))
    }
}

/// Why a backup could not be taken or checked, and what to do.
struct BackupError: Error, CustomStringConvertible {
    var description: String

    init(_ message: String) { description = message }
}
