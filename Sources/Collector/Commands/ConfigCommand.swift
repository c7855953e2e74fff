import ArgumentParser

/// `dbcensus-collector config`: the configuration, without using it.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the configuration, and print its reference.",
        subcommands: [CheckCommand.self, ReferenceCommand.self])

    struct CheckCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check a configuration: exit status 0 when it is valid, 78 when it is not.")

        @OptionGroup var options: ConfigurationOptions

        @Flag(help: "Print every effective value and its source, as YAML. Secrets are masked.")
        var print = false

        func run() throws {
            let configured = try options.load()
            if print { try Output.print(ConfigurationText.effective(configured, Setting.all)) }
        }
    }

    struct ReferenceCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reference", abstract: "Print docs/configuration.md: every setting.")

        func run() throws { try Output.print(ConfigurationText.reference(Configuration(), Setting.all)) }
    }
}
