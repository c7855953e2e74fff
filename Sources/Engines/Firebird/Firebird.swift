import HostView
import Report

/// Firebird 2.5 to 5: one server for all database files of a host.
struct Firebird: ProfiledEngine {
    let profile = EngineProfile(
        id: "firebirdsql",
        title: "Firebird",
        executableNames: ["firebird", "fbserver", "fb_smp_server", "fb_inet_server"],
        openFiles: ["security5.fdb", "security4.fdb", "security3.fdb", "security2.fdb"],
        packagePrefixes: ["firebird"],
        programs: ["firebird", "fbserver", "fb_smp_server"],
        softwarePatterns: [
            "/usr/lib/firebird/*/bin/fb*server"
        ],
        dataDirectoryPatterns: ["/var/lib/firebird/*/system", "/var/lib/firebird/*/data", "/opt/firebird"],
        serviceNames: ["firebird"],
        versionSources: ["package of the running executable", "version string in the running executable"],
        versionMarks: [.after("LI-V"), .after("LI-T")],
        versionWords: ["firebird"],
        options: [
            EngineOption(
                "RemoteServicePort", .port, setting: "port", byDefault: "3050", arguments: ["p"],
                otherNames: ["remoteserviceport"]),
            EngineOption(
                "RemoteBindAddress", .addresses, setting: "bind", byDefault: "*", arguments: [],
                otherNames: ["remotebindaddress"]),
            EngineOption(
                "WireCrypt", .word(["Disabled", "Enabled", "Required"]), setting: "wire_crypt", arguments: [],
                otherNames: ["wirecrypt"]),
            EngineOption("AuthServer", .name, arguments: []),
        ],
        configuration: ConfigurationProfile(
            format: .sections, defaultFiles: ["/etc/firebird/*/firebird.conf", "/opt/firebird/firebird.conf"]),
        directory: DirectoryProfile(
            marks: [["security5.fdb"], ["security4.fdb"], ["security3.fdb"], ["security2.fdb"], ["*.fdb"]],
            isOptional: true),
        ports: [PortProfile(3050, "client", setting: "port")])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        draft.setting("authentication", settings.defaultClaims("enabled"))
    }
}
