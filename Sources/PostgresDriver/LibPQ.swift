import CPostgres
import SQL

/// libpq's functions.
///
/// They are called on one connection by one thread at a time; libpq asks for nothing more.
struct LibPQ: @unchecked Sendable {
    let call: dbcensus_libpq

    /// The functions for another thread: they are loaded once and never change.
    struct Call: @unchecked Sendable { let call: dbcensus_libpq }

    /// Loaded once; an error stays one until the program starts again.
    private static let loaded = Result { try LibPQ() }

    static func load() throws -> LibPQ { try loaded.get() }

    private init() throws {
        var error = [CChar](repeating: 0, count: 300)
        guard let functions = dbcensus_libpq_load(&error, error.count) else {
            let why = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw SQLError(
                .cannotOpen,
                """
                a store in PostgreSQL needs the library libpq.so.5, which cannot be loaded (\(why)): install the package \
                libpq5 (Debian, Ubuntu), libpq (Amazon Linux, Fedora) or postgresql-libs (RHEL)
                """)
        }
        call = functions.pointee
    }
}
