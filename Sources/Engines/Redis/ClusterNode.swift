import HostView

/// What a member of a cluster keeps of itself in `nodes.conf` (cluster_legacy.c, clusterSaveConfig): a line a node,
/// `id address flags …`; its own has the flag `myself`.
struct ClusterNode {
    /// Forty hexadecimal digits.
    var id: Claim
    /// It copies another one.
    var isReplica: Bool

    /// Reads `file` of the directory, `nodes.conf` unless it has another name.
    static func read(_ directory: EngineDirectory, _ file: String?, _ host: ScanContext) -> ClusterNode? {
        let path = directory.path(of: file ?? "nodes.conf")
        guard directory.root.exists(path), let text = host.text(path, in: directory.root) else { return nil }
        return parse(text, source: path)
    }

    static func parse(_ text: String, source: String) -> ClusterNode? {
        for line in ConfigurationLines.significant(in: text) {
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count > 2 else { continue }
            let flags = words[2].split(separator: ",")
            guard flags.contains("myself"), words[0].utf8.count == 40, words[0].allSatisfy(\.isHexDigit) else {
                continue
            }
            return ClusterNode(
                id: Claim(String(words[0]), source: source),
                isReplica: flags.contains { $0 == "slave" || $0 == "replica" })
        }
        return nil
    }
}
