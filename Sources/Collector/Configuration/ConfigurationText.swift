/// Configurations as text.
enum ConfigurationText {
    /// What stands for the value of a secret.
    private static let mask = "********"

    /// The effective values as YAML that can be read again, each with its source; secrets are masked.
    static func effective<Root>(_ configured: Configured<Root>, _ settings: [Setting<Root>]) -> String {
        var lines: [(text: String, source: String?)] = []
        var sections: [String] = []
        for setting in settings {
            let path = setting.name.split(separator: ".").map(String.init)
            let common = zip(path.dropLast(), sections).prefix { $0 == $1 }.count
            sections = Array(sections.prefix(common))
            for section in path.dropLast().dropFirst(common) {
                lines.append((indented(section + ":", sections.count), nil))
                sections.append(section)
            }
            let value = setting.write(configured.value)
            let source = configured.sources[setting.name] ?? .default
            let shown = setting.isSecret && !value.isEmpty ? mask : value
            // What has no value is a comment: an empty key would be read as an empty text.
            let key = path.last ?? ""
            lines.append(
                (indented(value.isEmpty ? "# \(key):" : "\(key): \(shown)", sections.count), source.description))
        }
        let width = min(48, lines.filter { $0.source != nil }.map(\.text.count).max() ?? 0)
        return lines.map { line in
            guard let source = line.source else { return line.text + "\n" }
            return line.text + String(repeating: " ", count: max(0, width - line.text.count)) + "  # \(source)\n"
        }.joined()
    }

    /// The reference: docs/configuration.md has the same text.
    static func reference<Root>(_ defaults: Root, _ settings: [Setting<Root>]) -> String {
        var text = Self.head
        var section = ""
        for setting in settings {
            let own = String(setting.name.prefix { $0 != "." })
            if own != section {
                section = own
                text += "\n## \(own)\n"
            }
            let value = setting.write(defaults)
            let facts =
                [
                    "\(setting.type.prefix(1).uppercased())\(setting.type.dropFirst())",
                    value.isEmpty ? "no default" : "default `\(value)`",
                    setting.isLive ? "SIGHUP changes it" : "needs a restart",
                ] + (setting.isSecret ? ["secret"] : [])
            text += "\n### `\(setting.name)`\n\n"
            text += wrapped("\(setting.help)") + "\n\n" + wrapped(facts.joined(separator: "; ") + ".") + "\n"
            text += "Environment: `\(setting.variable)`.\n"
        }
        return text
    }

    private static let head = """
        # Configuration

        <!-- Written by `dbcensus-collector config reference`. Change Sources/Collector/Configuration/Settings.swift. -->

        `serve`, `scan`, `doctor` and `config check` read their settings from these places. A later one wins:

        1. the defaults below;
        2. a YAML file, named with `--config`;
        3. environment variables, such as `DBCENSUS_SERVER_PORT`;
        4. flags: `--set server.port=9000`, and `--store`.

        A file has sections with keys below them:

        ```yaml
        server:
          port: 9000
        retention:
          report_days: 30
        ```

        Write a list in a variable or a flag as `a,b`, or as YAML: `[a, b]`.

        Check a configuration before you use it. `--print` shows each effective value and its source; secrets are masked.

        ```sh
        dbcensus-collector config check --config dbcensus.yaml --print
        ```

        Unknown keys and invalid values are errors. The message names the file, the line and the nearest known key.

        SIGHUP makes a running collector read its settings again. The log names changed settings that need a restart.

        """

    private static func indented(_ text: String, _ depth: Int) -> String {
        String(repeating: "  ", count: depth) + text
    }

    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if !last.isEmpty, last.count + 1 + word.count > 120 {
                lines.append(String(word))
            } else {
                lines[lines.count - 1] += (last.isEmpty ? "" : " ") + word
            }
        }
        return lines.joined(separator: "\n")
    }
}
