import HostView
import Report

/// TiKV, the store of TiDB, and PD, which keeps where its data lies.
struct TiKV: ProfiledEngine {
    let profile = EngineProfile(
        id: "tikv",
        title: "TiKV",
        executableNames: ["tikv-server", "pd-server"],
        openFiles: ["LOCK", "db/LOCK", "member/snap/db"],
        packagePrefixes: ["tikv"],
        programs: ["tikv-server", "pd-server"],
        dataDirectoryPatterns: ["/var/lib/tikv", "/tidb-data/tikv-*", "/tidb-data/pd-*", "/data*/tidb-data/*"],
        serviceNames: ["tikv", "pd"],
        versionSources: ["package of the running executable", "release version in the running executable"],
        versionMarks: [.after("/versioninfo.PDReleaseVersion=v")],
        options: [
            EngineOption("storage.data-dir", .file, arguments: ["data-dir"], otherNames: ["data-dir"]),
            EngineOption("server.addr", .addresses, setting: "bind", arguments: ["addr", "A"]),
            EngineOption("client-urls", .urls, setting: "client_urls"),
            EngineOption(
                "security.ca-path", .presence, arguments: ["ca-path", "cacert"], otherNames: ["security.cacert-path"]),
        ],
        configuration: ConfigurationProfile(format: .sections, defaultFiles: [], arguments: ["config", "C"]),
        directory: DirectoryProfile(
            options: ["storage.data-dir"],
            marks: [["db", "last_tikv.toml"], ["db", "raft"], ["db", "raft-engine"], ["region-meta", "member"]]),
        ports: [
            PortProfile(20160, "client", setting: "bind"), PortProfile(20180, "admin"), PortProfile(2379, "client"),
            PortProfile(2380, "peer"),
        ])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let tls = settings.claims("security.ca-path").map { Claim("on", source: $0.source) }
        draft.setting("tls", tls + (draft.server == nil ? [] : settings.defaultClaims("off")))
        guard let server = draft.server, server.process.name == "pd-server" else { return }
        draft.play(.config, source: "executable pd-server")
    }
}
