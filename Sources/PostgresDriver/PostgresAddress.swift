import CPostgres
import SQL

/// What an address says, as libpq reads it.
package struct PostgresAddress: Sendable, Equatable {
    /// The servers, and their ports where they are named.
    package var servers: [Server]
    package var user: String?
    package var database: String?
    /// Whether the connection shows who answers, as far as the address says it: by a certificate, or because it stays
    /// on this machine. Nil where the environment decides.
    package var verifiesServer: Bool?

    /// One server of an address.
    package struct Server: Sendable, Equatable {
        package var host: String
        package var port: Int?

        /// A socket, or an address of this machine.
        package var isLocal: Bool {
            let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
            let isLoopback = numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
            return host.hasPrefix("/") || host == "localhost" || host == "::1" || isLoopback
        }
    }

    /// - Throws: `SQLError` for what is no address, and for one with a password: the process list and logs would show
    ///   it.
    package init(_ address: String) throws {
        let libpq = try LibPQ.load().call
        var error: UnsafeMutablePointer<CChar>?
        guard let options = libpq.PQconninfoParse(address, &error) else {
            let why = error.map { String(cString: $0) } ?? ""
            libpq.PQfreemem(error)
            // Other messages repeat parts of the address, which may be secret.
            let known = why.hasPrefix("invalid URI query parameter") ? " (\(why.filter { !$0.isNewline }))" : ""
            throw SQLError(.cannotOpen, "the address is invalid\(known): write postgresql://user@host:5432/database")
        }
        defer { libpq.PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        guard values["password"] == nil, values["sslpassword"] == nil else {
            throw SQLError(
                .cannotOpen,
                """
                the address has a password, which others can read in the list of processes: put it into a file that \
                store.password_file or DBCENSUS_STORE_PASSWORD_FILE names
                """)
        }
        let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        servers = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            return Server(host: String(host), port: Int(port))
        }
        (user, database) = (values["user"], values["dbname"])
        // libpq connects to hostaddr where there is one.
        let connected = (values["hostaddr"] ?? values["host"] ?? "").split(separator: ",")
        let isLocal = !connected.isEmpty && connected.allSatisfy { Server(host: String($0)).isLocal }
        let mode = values["sslmode"] ?? (values["sslrootcert"] == "system" ? "verify-full" : nil)
        let isDecided = mode != nil && values["service"] == nil
        verifiesServer = mode == "verify-full" || isLocal ? true : isDecided ? false : nil
    }
}
