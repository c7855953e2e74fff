/// User names from a passwd(5) file. Never from NSS: that could ask a directory server.
public struct Users: Sendable {
    /// One account, as far as dbcensus asks.
    public struct Account: Sendable, Equatable {
        /// The login name.
        public var name: String
        /// The home directory.
        public var home: String
    }

    /// The accounts by number; of several with one number the first counts.
    public var accounts: [UInt32: Account]

    /// The most bytes of a login name; the kernel's tools take 32 (useradd(8)).
    private static let nameLimit = 256
    /// The most bytes of a passwd file: some fifty thousand accounts.
    private static let fileLimit = 4 << 20

    /// Reads `/etc/passwd` below `root`; no accounts when there is none.
    public static func read(_ root: HostRoot) -> Bounded<Users> {
        guard let contents = try? root.read("/etc/passwd", limit: fileLimit) else {
            return Bounded(Users(accounts: [:]))
        }
        return contents.map { Users(accounts: parse(String(decoding: $0, as: UTF8.self))) }
    }

    static func parse(_ text: String) -> [UInt32: Account] {
        var accounts: [UInt32: Account] = [:]
        for line in text.lines {
            let fields = line.parts(UInt8(ascii: ":"))
            guard fields.count >= 6, fields[0].utf8.count <= nameLimit, let uid = UInt32(fields[2]),
                accounts[uid] == nil
            else { continue }
            accounts[uid] = Account(name: String(fields[0]), home: String(fields[5]))
        }
        return accounts
    }
}
