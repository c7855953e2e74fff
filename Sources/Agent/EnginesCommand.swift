import ArgumentParser
import Engines
import FoundationEssentials
import Terminal

/// `dbcensus-agent engines`: what can be detected, and how.
struct EnginesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines", abstract: "List the engines that the agent detects, and how it finds them.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "How the list is printed.")
    var format = Format.text

    func run() throws {
        let engines = EngineRegistry.all.map { EngineDescription($0) }
        try Output(path: nil).write(Array(format == .json ? json(engines).utf8 : text(engines).utf8))
    }

    private func json(_ engines: [EngineDescription]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Listing(engines: engines)), as: UTF8.self) + "\n"
    }

    private struct Listing: Encodable {
        let engines: [EngineDescription]
        let programDirectories = EngineProfile.programDirectories

        enum CodingKeys: String, CodingKey {
            case engines
            case programDirectories = "program_directories"
        }
    }

    private func text(_ engines: [EngineDescription]) -> String {
        engines.flatMap { engine in
            let process = engine.executables + engine.java
            let data = engine.dataDirectories.isEmpty ? ["in memory only"] : engine.dataDirectories
            return [
                "\(engine.id) — \(engine.title)\(engine.isPreview ? " (preview: --also \(engine.id))" : "")",
                field("process", process.joined(separator: ", ")),
                field("software", (engine.programs + engine.software).joined(separator: ", ")),
                field("data", data.joined(separator: ", ")),
                field("version", engine.versionSources.joined(separator: "; ")),
                "",
            ]
        }.joined(separator: "\n")
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
