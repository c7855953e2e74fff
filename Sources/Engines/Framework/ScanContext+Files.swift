import HostView

/// Reads that turn what was refused or cut into problems.
extension ScanContext {
    /// Reads a text file below `root`, or nil; a denied, cut or strange file becomes a problem, a missing one does not.
    public func text(_ path: String, in root: HostRoot, limit: Int = HostRoot.Limits.file) -> String? {
        guard let bytes = bytes(path, in: root, limit: limit) else { return nil }
        if ConfigurationLines.cut(bytes) {
            log.add(
                .fileTooLarge, shown(path, root),
                "a line longer than \(ConfigurationLines.lineLimit) bytes was not read")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As `text`, but bytes.
    public func bytes(_ path: String, in root: HostRoot, limit: Int = HostRoot.Limits.file) -> [UInt8]? {
        do throws(HostError) {
            let contents = try root.read(path, limit: limit)
            if contents.isCut {
                log.add(.fileTooLarge, shown(path, root), "only the first \(limit) bytes were read")
            }
            return contents.bytes
        } catch {
            log.add(error.below(root, self.root))
            return nil
        }
    }

    /// Reads `count` bytes at `offset`, or nil when there are fewer or none can be read.
    public func bytes(_ path: String, in root: HostRoot, at offset: Int64, count: Int) -> [UInt8]? {
        do throws(HostError) {
            let bytes = try root.read(path, at: offset, count: count)
            if bytes.count == count { return bytes }
            log.add(.malformed, shown(path, root), "ends before byte \(offset + Int64(count))", partial: false)
            return nil
        } catch {
            log.add(error.below(root, self.root))
            return nil
        }
    }

    /// The names in a directory below `root`; none when it cannot be listed, which becomes a problem unless it is
    /// missing.
    public func list(_ path: String, in root: HostRoot) -> [DirectoryEntry] {
        do throws(HostError) {
            let entries = try root.list(path)
            if entries.isCut {
                log.add(.fileTooLarge, shown(path, root), "only the first \(entries.value.count) names were read")
            }
            return entries.value
        } catch {
            log.add(error.below(root, self.root))
            return []
        }
    }

    /// Says that a configuration file sets more than is read of one; whether it does.
    func reportCut(_ entries: [ConfigurationEntry], of path: String) -> Bool {
        guard entries.count >= ConfigurationEntry.limit else { return false }
        log.add(.fileTooLarge, path, "only its first \(ConfigurationEntry.limit) settings were read")
        return true
    }

    /// The names in a directory that may be a data directory. That some were left out is said; those in `marks` never
    /// are.
    func names(_ path: String, in root: HostRoot, marks: [String]) throws(HostError) -> Set<String> {
        let entries = try root.list(path)
        var names = Set(entries.value.map(\.name))
        if entries.isCut {
            log.add(.fileTooLarge, path, "only the first \(entries.value.count) names were read")
            names.formUnion(marks.filter { root.exists(Path.join(path, $0)) })
        }
        return names
    }
}
