import ArgumentParser
import Engines
import Terminal

/// `dbcensus-agent engines`: what can be detected, and how.
struct EnginesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines", abstract: "List the engines that the agent detects, and how it finds them.")

    func run() throws {
        let lines = EngineRegistry.all.flatMap { engine in
            [
                "\(engine.id) — \(engine.title)",
                field("process", engine.executableNames.sorted().joined(separator: ", ")),
                field("software", engine.softwarePatterns.joined(separator: ", ")),
                field("data", engine.dataDirectoryPatterns.joined(separator: ", ")),
                field("version", engine.versionSources.joined(separator: "; ")),
                "",
            ]
        }
        try Output(path: nil).write(Array((lines.joined(separator: "\n")).utf8))
    }

    private func field(_ name: String, _ text: String) -> String {
        let label = "  " + name + String(repeating: " ", count: 10 - name.count)
        return PlainText.wrapped(text, width: 80 - label.count).joined(
            separator: "\n" + String(repeating: " ", count: label.count)
        ).prefixed(label)
    }
}

extension String {
    fileprivate func prefixed(_ prefix: String) -> String { prefix + self }
}
