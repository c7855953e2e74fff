import AWSClient
import Foundation
import Inventory
import Logging
import Store
import Stores
import Synchronization

/// Passwords for a server of RDS or Aurora, made with the collector's own AWS identity for each new connection.
struct RDSPassword: Sendable {
    private let host: String
    private let port: Int
    private let user: String

    /// - Throws: `StoreError` for an address that does not name one server and a user.
    init(address: String) throws {
        let server = try InventoryStore.server(of: address)
        guard let server, let user = server.user else {
            throw StoreError(
                .cannotOpen,
                "store.rds_iam needs one server and a user in store.path: postgresql://USER@HOST/DATABASE?sslmode=verify-full"
            )
        }
        (host, port, self.user) = (server.host, server.port ?? 5432, user)
    }

    /// The region in `name.id.REGION.rds.amazonaws.com`; nil for another name.
    private var region: String? {
        let parts = host.split(separator: ".")
        guard let index = parts.firstIndex(of: "rds"), index > 0 else { return nil }
        return String(parts[index - 1])
    }

    /// A password that is valid for 15 minutes. It blocks its thread while credentials are fetched.
    func make() throws -> String {
        let box = Box()
        let done = DispatchSemaphore(value: 0)
        Task {
            let result = await signed()
            box.result.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        switch box.result.withLock({ $0 }) {
        case .success(let password): return password
        case .failure(let error):
            throw StoreError(
                .cannotOpen,
                "cannot sign in to the store's server with the collector's AWS identity: \(error.message)", cause: error
            )
        case nil: throw StoreError(.failed, "no password was made")
        }
    }

    private func signed() async -> Result<String, AWSError> {
        do throws(AWSError) {
            let session = try await AWSSession(
                variables: ProcessInfo.processInfo.environment, logger: Logger(label: "dbcensus"))
            do throws(AWSError) {
                let client = session.client(region: region)
                let password = try await client.databasePassword(host: host, port: port, user: user)
                await session.close()
                return .success(password)
            } catch {
                await session.close()
                throw error
            }
        } catch { return .failure(error) }
    }

    private final class Box: Sendable { let result = Mutex(Result<String, AWSError>?.none) }
}
