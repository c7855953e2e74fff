/// The head of `global/pg_control` (src/include/catalog/pg_control.h): little-endian on the machines that we run on.
struct PgControl: Equatable {
    /// Bytes that are read of the file.
    static let size = 32

    /// What the server last said of itself (enum DBState).
    enum State: UInt32 {
        case startingUp = 0
        case shutDown, shutDownInRecovery, shuttingDown, crashRecovery, archiveRecovery, inProduction
    }

    var systemIdentifier: UInt64
    var controlVersion: UInt32
    var catalogVersion: UInt32
    var state: State

    /// Reads `bytes`; nil when they are no control file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.size else { return nil }
        func number(_ offset: Int) -> UInt32 {
            bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        systemIdentifier = UInt64(number(4)) << 32 | UInt64(number(0))
        controlVersion = number(8)
        catalogVersion = number(12)
        guard (800...9_999).contains(controlVersion), let state = State(rawValue: number(16)) else { return nil }
        self.state = state
    }

    private static let majors: [UInt32: String] = [
        201_608_131: "9.6", 201_707_211: "10", 201_809_051: "11", 201_909_212: "12", 202_007_201: "13",
        202_107_181: "14", 202_209_061: "15", 202_307_071: "16", 202_406_281: "17", 202_506_291: "18",
        202_605_131: "19",
    ]

    /// The major version that the catalog version belongs to, where it is a released one.
    var major: String? { Self.majors[catalogVersion] }
}
