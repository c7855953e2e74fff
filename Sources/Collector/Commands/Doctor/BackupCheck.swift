import AWSClient
import Foundation
import Inventory
import Logging
import Store
import Stores
import Terminal

/// The check of `doctor` that looks for the newest backup.
struct BackupCheck {
    let configuration: Configuration

    /// - Returns: nil when the configuration asks for no backups.
    func run() async -> DoctorCommand.Check? {
        guard configuration.backup.to != nil else { return nil }
        var logger = Logger(label: "doctor")
        logger.logLevel = .critical
        let environment = ProcessInfo.processInfo.environment
        var session: AWSSession?
        if configuration.backup.bucket != nil {
            do throws(AWSError) { session = try await AWSSession(variables: environment, logger: logger) } catch {
                return .bad("cannot look for backups: \(error.message)")
            }
        }
        let check = await look(session?.client())
        await session?.close()
        return check
    }

    private func look(_ client: AWSClient?) async -> DoctorCommand.Check? {
        let target = configuration.backupTarget { () throws(AWSError) in
            guard let client else { throw AWSError(.credentials, "there is no session with AWS") }
            return client
        }
        guard let target else { return nil }
        do {
            let lineage = try? configuration.store.open(.read).lineage()
            let names = try await target.names()
            guard let newest = names.filter({ $0.lineage == lineage && $0.date <= Date() }).max() else {
                let others = names.isEmpty ? "" : ", but \(names.count) of other stores"
                return .warning(
                    "there is none of this store in \(target.place)\(others): `serve` takes the first one when it starts"
                )
            }
            var status = BackupStatus(every: configuration.backup.every / .seconds(1), since: Date())
            status.newest = newest.date
            let age = Units.duration(Date().timeIntervalSince(newest.date))
            let text = "\(target.path(newest)), \(age) old"
            guard status.isLate(now: Date()) else { return .good(text) }
            return .bad("the newest is \(text), more than twice backup.every: the service's log has the reason")
        } catch { return .bad("cannot list \(target.place): \(error)") }
    }
}
