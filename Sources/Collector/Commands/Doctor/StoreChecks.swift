import Foundation
import Inventory
import Report
import Store
import Stores
import Terminal

/// What the doctor says of the store: a file with its disk and its service, or a server with its durability.
extension DoctorCommand {
    func storeChecks(_ configuration: Configuration) -> [(String, Check)] {
        let settings = configuration.store
        if !settings.isServer, !FileManager.default.fileExists(atPath: settings.path) {
            return [("store", Self.missing(settings.path))]
        }
        do {
            try settings.check()
            let store = try settings.open(.read)
            let summary = try store.summary()
            var checks: [(String, Check)] = []
            if let server = try store.serverState() {
                checks.append(("store", .good("\(store.path), \(Units.bytes(summary.bytes))")))
                checks += try Self.server(server, settings.path)
                checks += Self.replicas(store)
            } else {
                checks.append(("store", .good("\(store.path), every page read, \(Units.bytes(summary.bytes))")))
                checks += Self.file(settings, summary)
            }
            return try checks + Self.contents(store, summary, configuration)
        } catch { return [("store", .bad("\(error)"))] }
    }

    private static func missing(_ path: String) -> Check {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        return FileManager.default.isWritableFile(atPath: folder)
            ? .warning("there is no store \(path) yet: `serve` creates it")
            : .bad("there is no store \(path), and you cannot write to \(folder)")
    }

    private static func file(_ settings: StoreSettings, _ summary: StoreSummary) -> [(String, Check)] {
        var checks: [(String, Check)] = []
        do {
            let holder = try settings.service()
            checks.append(
                ("service", .good(holder.map { "\($0) serves the store" } ?? "no process serves the store")))
        } catch { checks.append(("service", .bad("\(error)"))) }
        let free = "\(Units.bytes(summary.freeBytes)) free"
        if summary.freeBytes < StoreSummary.leastFreeBytes {
            checks.append(("disk", .bad(free)))
        } else {
            let isShort = summary.freeBytes < summary.bytes
            checks.append(("disk", isShort ? .warning(free + ", which is less than a backup needs") : .good(free)))
        }
        return checks
    }

    private static func server(_ server: ServerState, _ address: String) throws -> [(String, Check)] {
        var checks: [(String, Check)] = []
        let version = "PostgreSQL \(server.version)"
        if server.isStandby {
            checks.append(("server", .bad("\(version) is a standby and takes no writes: name the primary")))
        } else if !server.mayCreate {
            checks.append(
                ("server", .warning("\(version): the user may not create tables, which an upgrade of the store needs")))
        } else {
            checks.append(("server", .good(version)))
        }
        let ahead = server.clockAhead.isFinite ? min(1e9, max(-1e9, server.clockAhead)) : 1e9
        if abs(ahead) > 5 {
            let (seconds, direction) = (Int(abs(ahead).rounded()), ahead > 0 ? "ahead of" : "behind")
            checks.append(
                ("server clock", .warning("it is \(seconds) s \(direction) the collector's: set both by NTP")))
        } else {
            checks.append(("server clock", .good("it agrees with the collector's")))
        }
        let off = server.settings.filter { $0.value == "off" }.keys.sorted()
        if off.isEmpty {
            checks.append(("durability", .good("a commit survives a crash of the server")))
        } else {
            let names = off.map { "\($0) = off" }.joined(separator: ", ")
            checks.append(("durability", .bad("a crash may lose reports that were acknowledged: \(names)")))
        }
        return try checks + [("server identity", identity(address)), ("replication", replication(server))]
    }

    private static func identity(_ address: String) throws -> Check {
        guard try InventoryStore.verifiesServer(address, ProcessInfo.processInfo.environment) else {
            return .warning(
                """
                the certificate of the server in store.path is not checked, so another machine at its address can get \
                the reports and the password: add sslmode=verify-full&sslrootcert=FILE to store.path
                """)
        }
        return .good("the server's certificate is checked, or it is on this machine")
    }

    private static func replication(_ server: ServerState) -> Check {
        let archived = server.lastArchived.map { "; the last log was archived at \($0)" } ?? ""
        if !server.synchronousStandbys.isEmpty, server.synchronous == 0 {
            return .bad("commits wait for the standbys \(server.synchronousStandbys), and none of them is connected")
        }
        guard server.standbys > 0 else { return .good("no standby is connected" + archived) }
        guard let bytes = server.standbyBytesBehind else {
            return .good(
                "\(server.standbys) standbys; to see how far they are behind: GRANT pg_monitor to the user\(archived)")
        }
        let behind = Units.bytes(bytes)
        let wait = server.synchronousStandbys.isEmpty ? "no commit waits for them" : "commits wait for them"
        return .good("\(server.standbys) standbys, at most \(behind) behind; \(wait)\(archived)")
    }

    private static func replicas(_ store: InventoryStore) -> [(String, Check)] {
        // Each look asks what the ones before left open.
        for _ in 0..<20 where store.readReplicas.contains(where: { $0.secondsBehind == nil && $0.failure == nil }) {
            store.refreshReplicas()
            Thread.sleep(forTimeInterval: 0.1)
        }
        return store.readReplicas.map { replica in
            guard replica.failure == nil else {
                return ("read replicas", .bad("\(replica.name) cannot be asked: \(replica.failure ?? "")"))
            }
            guard let seconds = replica.secondsBehind else {
                return (
                    "read replicas",
                    .bad(
                        "\(replica.name) had nothing of what was just written after 2 s: it is behind, or it is no replica"
                    )
                )
            }
            return ("read replicas", .good("\(replica.name), less than \(max(1, Int(seconds.rounded(.up)))) s behind"))
        }
    }

    private static func contents(
        _ store: InventoryStore, _ summary: StoreSummary, _ configuration: Configuration
    ) throws -> [(String, Check)] {
        var checks: [(String, Check)] = []
        if summary.deadLetters > 0 {
            let text = "\(summary.deadLetters) reports were rejected: see `dbcensus-collector dead-letters`"
            checks.append(("dead letters", .warning(text)))
        }
        let now = Timestamp.format(store.now())
        let valid = try store.tokens().filter { $0.revokedAt == nil && ($0.expiresAt ?? "9") > now }
        checks.append(
            (
                "tokens",
                valid.isEmpty
                    ? .warning("none is valid: create one with `dbcensus-collector token create`")
                    : .good("\(valid.count) valid")
            ))
        checks += try discovery(store, configuration.discovery)
        if let last = try store.lastReceived(), last > now {
            checks.append(
                ("clock", .bad("the last report was received at \(last), which is in the future: set the clock")))
        }
        return checks
    }
}
