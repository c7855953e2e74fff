import HostView
import Report

extension MySQLDirectory {
    /// What the data directory's files say of the version, best first.
    ///
    /// The redo log's creator may be the version that made the log, long ago; the dictionary and the notes of upgrades
    /// tell who wrote last.
    func versionSources(_ host: ScanContext) -> VersionSources {
        let upgrades = [isMariaDB ? nil : dictionaryClaim(host)].compactMap { $0 } + upgradeHistoryClaims(host)
        let info = upgradeInfoClaims(host)
        var sources = VersionSources()
        // The newest binary log was begun at the last start, if there was one then: the higher of it and the upgrades'
        // notes wrote last.
        let last = (binaryLogClaims(host) + upgrades).sorted { one, other in
            guard let first = Version(one.number), let second = Version(other.number) else { return false }
            return second < first
        }
        sources.files = last + info + redoClaims(host)
        // A server asks for an upgrade when the first two numbers of its note differ from its own.
        sources.upgraded = upgrades + info.map { $0.cut(to: 2) }
        return sources
    }

    /// The newest binary log: its first event, a format description, names the server that wrote it (binlog_event.h).
    ///
    /// Magic `fe 62 69 6e`; type at byte 8 is 15; the version in 50 bytes from 25. An encrypted log begins otherwise
    /// and is passed over.
    private func binaryLogClaims(_ host: ScanContext) -> [VersionClaim] {
        let logs = names.filter { name in
            let parts = name.split(separator: ".")
            return parts.count > 1 && parts.last?.count ?? 0 >= 6 && parts.last?.allSatisfy(\.isNumber) == true
                && !name.contains("relay")
        }
        guard
            let newest = logs.max(by: { ($0.split(separator: ".").last ?? "") < ($1.split(separator: ".").last ?? "") })
        else { return [] }
        let source = Path.join(path, newest)
        guard let bytes = try? root.read(source, at: 0, count: 75) else { return [] }
        return Self.formatDescription(bytes, source: source).map { [$0] } ?? []
    }

    static func formatDescription(_ bytes: [UInt8], source: String) -> VersionClaim? {
        guard bytes.count == 75, bytes.starts(with: [0xFE, 0x62, 0x69, 0x6E]), bytes[8] == 15 else { return nil }
        let text = String(decoding: bytes[25..<75].prefix { $0 != 0 }, as: UTF8.self)
        return VersionClaim(text, parts: 3, source: source)
    }

    /// The creator in the redo log's header: 32 bytes at offset 16 (storage/innobase, log0constants.h:
    /// LOG_HEADER_CREATOR).
    private func redoClaims(_ host: ScanContext) -> [VersionClaim] {
        var files = names.contains("ib_logfile0") ? ["ib_logfile0"] : []
        if names.contains("#innodb_redo") {
            let redo = host.list(Path.join(path, "#innodb_redo"), in: root).map(\.name)
            let newest = redo.filter { $0.hasPrefix("#ib_redo") && !$0.hasSuffix("_tmp") }
                .max { (Int($0.dropFirst(8)) ?? -1) < (Int($1.dropFirst(8)) ?? -1) }
            if let newest { files.append("#innodb_redo/" + newest) }
        }
        return files.compactMap { file in
            let source = Path.join(path, file)
            guard let bytes = host.bytes(source, in: root, at: 16, count: 32) else { return nil }
            return Self.creator(bytes, source: source)
        }
    }

    /// `MySQL 8.0.36` or `MariaDB 10.11.19`; a backup tool writes its own name there, which is no version.
    static func creator(_ bytes: [UInt8], source: String) -> VersionClaim? {
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        for product in ["MySQL ", "MariaDB "] where text.hasPrefix(product) {
            return VersionClaim(String(text.dropFirst(product.count)), parts: 3, source: source)
        }
        return nil
    }

    /// Page 0 of mysql.ibd, bytes 8–11 big-endian: 90704 is 9.7.4 (storage/innobase, fil0types.h:
    /// FIL_PAGE_SRV_VERSION).
    private func dictionaryClaim(_ host: ScanContext) -> VersionClaim? {
        let source = Path.join(path, "mysql.ibd")
        guard names.contains("mysql.ibd"), let bytes = host.bytes(source, in: root, at: 8, count: 4) else { return nil }
        return Self.serverVersion(bytes, source: source)
    }

    static func serverVersion(_ bytes: [UInt8], source: String) -> VersionClaim? {
        let number = bytes.reduce(0) { $0 << 8 | UInt32($1) }
        guard (50_000..<1_000_000).contains(number) else { return nil }
        return VersionClaim(
            "\(number / 10_000).\(number / 100 % 100).\(number % 100)", parts: 3, source: source + " page 0")
    }

    /// MySQL 8.4 and later: `{"file_format":"1","upgrade_history":[{"date":…,"version":"8.4.0",…}]}`.
    private func upgradeHistoryClaims(_ host: ScanContext) -> [VersionClaim] {
        let source = Path.join(path, "mysql_upgrade_history")
        guard names.contains("mysql_upgrade_history"), let bytes = host.bytes(source, in: root) else { return [] }
        guard let history = JSONDocument(bytes)?["upgrade_history"] else {
            host.log.add(.malformed, source, "not the JSON that the server writes", partial: false)
            return []
        }
        let last = history.elements().last?.string("version")
        return last.flatMap { VersionClaim($0, parts: 3, source: source) }.map { [$0] } ?? []
    }

    private func upgradeInfoClaims(_ host: ScanContext) -> [VersionClaim] {
        ["mariadb_upgrade_info", "mysql_upgrade_info"].filter(names.contains).compactMap { name in
            let source = Path.join(path, name)
            guard let line = host.text(source, in: root, limit: 4096)?.split(whereSeparator: \.isNewline).first else {
                return nil
            }
            return VersionClaim(String(line), parts: 3, source: source)
        }
    }
}
