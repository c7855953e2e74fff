import ArgumentParser
import Store

/// `dbcensus-collector tag`: tags for hosts that AWS does not tag.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Set tags of a host. Lists can be filtered by tags.")

    @Argument(help: "The host's id.")
    var host: String

    @Argument(help: "KEY=VALUE sets a tag. KEY= removes it.")
    var tags: [String]

    @OptionGroup var store: StoreOptions

    func run() throws {
        var wanted: [String: String?] = [:]
        for tag in tags {
            let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, 1...128 ~= parts[0].utf8.count, parts[1].utf8.count <= 256 else {
                throw ValidationError("\(tag): write KEY=VALUE. A key has 1 to 128 bytes, a value up to 256.")
            }
            wanted.updateValue(parts[1].isEmpty ? nil : parts[1], forKey: parts[0])
        }
        let inventory = try store.open()
        guard try inventory.setTags(host, wanted) else {
            throw CollectorError(exitCode: .usage, message: "there is no host \(host)")
        }
        try inventory.audit("tag", target: host)
    }
}
