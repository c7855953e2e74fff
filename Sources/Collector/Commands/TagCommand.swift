import ArgumentParser
import Store

/// `dbcensus-collector tag`: tags by hand, for hosts that AWS does not tag.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Sets a host's tags, by which lists can be filtered.")

    @Argument(help: "The host's id.")
    var host: String

    @Argument(help: "KEY=VALUE sets one, KEY= removes one.")
    var tags: [String]

    @OptionGroup var store: StoreOptions

    func run() throws {
        var wanted: [String: String?] = [:]
        for tag in tags {
            let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, 1...128 ~= parts[0].utf8.count, parts[1].utf8.count <= 256 else {
                throw ValidationError("\(tag): write KEY=VALUE, with 1 to 128 bytes and up to 256.")
            }
            wanted.updateValue(parts[1].isEmpty ? nil : parts[1], forKey: parts[0])
        }
        let inventory = try InventoryStore(path: store.store)
        guard try inventory.setTags(host, wanted) else {
            throw CollectorError(exitCode: .usage, message: "there is no host \(host)")
        }
        try inventory.audit("tag", target: host)
    }
}
