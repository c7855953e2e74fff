extension Report {
    /// A directory in which a database keeps its files.
    public struct DataDirectory: Codable, Sendable, Equatable {
        /// What is kept there.
        public struct Purpose: OpenEnumeration {
            /// The text in the report.
            public let rawValue: String
            /// The value with this text.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// The tables.
            public static let data = Self(rawValue: "data")
            /// The write-ahead log.
            public static let wal = Self(rawValue: "wal")
            /// Tables outside the data directory.
            public static let tablespace = Self(rawValue: "tablespace")
            /// Other logs.
            public static let log = Self(rawValue: "log")
            /// The values that this version knows.
            public static let allCases: [Self] = [.data, .wal, .tablespace, .log]
        }

        /// The path as the server sees it.
        public var path: String
        /// The same directory as the host sees it.
        @ExplicitNull public var hostPath: String?
        /// What is kept there.
        public var purpose: Purpose
        /// Its owner, as the host counts users.
        @ExplicitNull public var uid: UInt32?
        /// Apparent size of everything in it, in bytes: `du -sb`.
        @ExplicitNull public var bytes: Int64?
        /// Space taken on disk, in bytes: `du -s --block-size=1`.
        @ExplicitNull public var allocatedBytes: Int64?
        /// Files and directories counted, the directory itself included; a hard link once.
        @ExplicitNull public var files: Int64?
        /// Everything in it was counted.
        public var complete: Bool
        /// The file system that holds it.
        @ExplicitNull public var filesystem: Filesystem?

        /// The directory `path`, not measured yet.
        public init(path: String, hostPath: String?, purpose: Purpose) {
            self.path = path
            self.hostPath = hostPath
            self.purpose = purpose
            complete = false
        }

        enum CodingKeys: String, CodingKey {
            case path
            case hostPath = "host_path"
            case purpose, uid, bytes
            case allocatedBytes = "allocated_bytes"
            case files, complete, filesystem
        }
    }

    /// A mounted file system.
    public struct Filesystem: Codable, Sendable, Equatable {
        /// Where it is mounted, as the server sees it.
        public var mountPoint: String
        /// Such as `ext4`.
        public var type: String
        /// Such as `/dev/nvme1n1`.
        public var device: String
        /// Its size, in bytes.
        @ExplicitNull public var totalBytes: Int64?
        /// What an ordinary user can still write, in bytes.
        @ExplicitNull public var availableBytes: Int64?

        /// The file system `device` at `mountPoint`.
        public init(mountPoint: String, type: String, device: String, totalBytes: Int64?, availableBytes: Int64?) {
            self.mountPoint = mountPoint
            self.type = type
            self.device = device
            self.totalBytes = totalBytes
            self.availableBytes = availableBytes
        }

        enum CodingKeys: String, CodingKey {
            case mountPoint = "mount_point"
            case type, device
            case totalBytes = "total_bytes"
            case availableBytes = "available_bytes"
        }
    }
}

extension Report.DataDirectory {
    /// Reads a directory; `Report.Extent` says whether with its `filesystem`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // Swift 6.2 does not compile assignments to wrapped properties after self.init in an extension.
        var directory = Report.DataDirectory(
            path: try values.decode(String.self, forKey: .path),
            hostPath: try values.decodeIfPresent(String.self, forKey: .hostPath),
            purpose: try values.decode(Purpose.self, forKey: .purpose))
        directory.uid = try values.decodeIfPresent(UInt32.self, forKey: .uid)
        directory.bytes = try values.decodeIfPresent(Int64.self, forKey: .bytes)
        directory.allocatedBytes = try values.decodeIfPresent(Int64.self, forKey: .allocatedBytes)
        directory.files = try values.decodeIfPresent(Int64.self, forKey: .files)
        directory.complete = try values.decode(Bool.self, forKey: .complete)
        if Report.extent(decoder).contains(.filesystems) {
            directory.filesystem = try values.decodeIfPresent(Report.Filesystem.self, forKey: .filesystem)
        }
        self = directory
    }
}
