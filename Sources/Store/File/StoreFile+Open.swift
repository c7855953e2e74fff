import Foundation
import Inventory
import SQL

/// How the store's file is opened.
extension StoreFile {
    /// "dbc1" in SQLite's header tells a store from any other program's database.
    static let applicationID = 0x6462_6331
    /// What a connection that reads keeps of the store's pages: 8 MiB.
    private static let reading = distrust + "PRAGMA cache_size = -8192"
    /// The pages that a large commit touches must fit into the cache, 64 MiB, or they are written twice. What a
    /// statement keeps to undo itself stays in memory: as a file it costs half of the time of a new host.
    private static let writing = """
        \(distrust)PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
        PRAGMA temp_store = MEMORY
        """
    /// A store's schema may call nothing that has effects, and a page that lies about itself is an error.
    private static let distrust = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
    /// How files are read that may be anything.
    static let distrusting = ConnectionSettings(reading: distrust, writing: distrust)
    /// The most reads at a time; further ones wait.
    private static let readers = 4

    /// Opens the file at `path`.
    ///
    /// - Throws: `StoreError` when there is none to read, and for another program's database.
    static func openDatabase(_ path: String, _ files: any SQLFiles, _ mode: InventoryStore.Mode) throws
        -> any SQLDatabase
    {
        if mode == .read, !FileManager.default.fileExists(atPath: path) {
            throw StoreError(
                .cannotOpen, "there is no store \(path): ingest a report first, or name another with --store")
        }
        return try storing(path) {
            try refuseForeign(path, files)
            return try files.open(
                path, mode == .read ? .read : .serve(readers: readers),
                ConnectionSettings(reading: reading, writing: writing))
        }
    }

    /// Marks the file as a store.
    static func mark(_ database: any SQLDatabase) throws {
        try database.bare { connection in
            let id: Int? = try connection.value("PRAGMA application_id")
            if id != applicationID { try connection.script("PRAGMA application_id = \(applicationID)") }
        }
    }

    /// Refuses a database of another program before anything in it is touched.
    private static func refuseForeign(_ path: String, _ files: any SQLFiles) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let isForeign = try files.open(path, .read, distrusting).read { connection in
            let id: Int? = try connection.value("PRAGMA application_id")
            return try connection.exists("SELECT 1 FROM sqlite_schema") && id != applicationID
        }
        if isForeign {
            throw StoreError(.notAStore, "\(path) is another program's database: name another file with --store")
        }
    }
}
