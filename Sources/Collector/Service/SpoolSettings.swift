import Foundation
import Inventory
import Report
import Terminal
import Web

extension Configuration.Spool {
    /// Opens the spool; nil where there is none.
    ///
    /// - Throws: `CollectorError` that says what is wrong with its folder.
    func open() throws -> Spool? {
        guard let path else { return nil }
        do { return try Spool(path: path, limit: bytes) } catch {
            throw CollectorError(exitCode: .unavailable, message: "\(error)")
        }
    }
}

extension Configuration.Spool {
    /// What `doctor` says of the spool; nil where there is none.
    func check() -> DoctorCommand.Check? {
        guard let path else { return nil }
        let look: SpoolFolder.Look
        do { look = try SpoolFolder.look(path) } catch {
            return FileManager.default.fileExists(atPath: path)
                ? .bad("\(error)") : .warning("there is no folder \(path) yet: `serve` makes it")
        }
        let free = "\(Units.bytes(Int64(look.freeBytes))) free"
        if look.freeBytes < SpoolFolder.leastFreeBytes { return .bad("\(path) takes no reports: \(free)") }
        if look.asideBytes > 0 {
            return .warning("reports that the store did not take are in \(path)/\(SpoolFolder.aside)")
        }
        let waiting = Units.bytes(Int64(look.bytes))
        if look.bytes > 0 {
            return look.isInUse
                ? .warning("reports wait for the store: \(waiting) in \(path), \(free)")
                : .bad("reports wait in \(path) (\(waiting)), and no collector uses it: start `serve` with this folder")
        }
        return .good("\(path), no report waits, \(free)")
    }
}
