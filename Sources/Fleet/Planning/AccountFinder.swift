import AWSClient
import Foundation
import Inventory
import Logging

/// Finds the accounts of a run: those of the settings and of the organisation, with a reason for each that is left out.
struct AccountFinder {
    let settings: DiscoverySettings
    let request: ScanRequest
    let hub: AWSClient
    let hubAccount: String
    let logger: Logger

    /// Units and accounts that are asked for at a time.
    private static let width = 5
    /// Organisational units can be nested five deep.
    private static let deepest = 10

    typealias Found = (tasks: [NewTask], accounts: [OrganizationAccount])

    func find() async throws(AWSError) -> Found {
        guard settings.roleName != nil else { return ([task(hubAccount, nil)], []) }
        var tasks: [String: NewTask] = [:]
        var accounts: [OrganizationAccount] = []
        if settings.organization.isEnabled {
            let found = try await organization()
            accounts = found.map(\.account)
            for (account, left) in found { tasks[account.id] = task(account.id, reason(account, left)) }
            if settings.organization.readsTags { accounts = await withTags(accounts) }
        }
        for account in settings.accounts where tasks[account.id] == nil { tasks[account.id] = task(account.id, nil) }
        let isConfigured = settings.organization.isEnabled || !settings.accounts.isEmpty
        if !isConfigured, request.accounts.isEmpty { tasks[hubAccount] = task(hubAccount, nil) }
        guard !request.accounts.isEmpty else { return (tasks.values.sorted { $0.accountID < $1.accountID }, accounts) }
        let asked = Set(request.accounts).sorted().map { id in
            tasks[id]
                ?? (isConfigured
                    ? NewTask(accountID: id, region: "*", code: .skipped, detail: "not_configured") : task(id, nil))
        }
        return (asked, accounts)
    }

    private func task(_ id: String, _ left: (code: ScopeCode, detail: String)?) -> NewTask {
        NewTask(accountID: id, region: "*", code: left?.code, detail: left?.detail)
    }

    private func reason(_ account: OrganizationAccount, _ isSkippedUnit: Bool) -> (code: ScopeCode, detail: String)? {
        if let state = account.state, state != "ACTIVE" { return (.suspended, state.lowercased()) }
        if settings.organization.skippedAccounts.contains(account.id) { return (.skipped, "skip_accounts") }
        return isSkippedUnit ? (.skipped, "skip_organizational_units") : nil
    }

    private typealias Accounts = [(account: OrganizationAccount, isSkipped: Bool)]

    private struct Unit: Sendable {
        var id: String
        var path: String?
        var isSkipped: Bool
    }

    /// The accounts of the units that are looked at, each with the path of its unit.
    private func organization() async throws(AWSError) -> Accounts {
        var level: [Unit]
        do throws(AWSError) {
            level =
                settings.organization.units.isEmpty
                ? try await hub.all(Organizations.ListRoots()).map {
                    Unit(id: $0.id, path: $0.name, isSkipped: false)
                } : settings.organization.units.map { Unit(id: $0, path: $0, isSkipped: false) }
        } catch {
            // Without the right to see the tree, the list is enough unless the settings name units.
            guard error.kind == .denied, settings.organization.skippedUnits.isEmpty else { throw error }
            return try await hub.all(Organizations.ListAccounts()).map {
                (OrganizationAccount($0, path: nil), false)
            }
        }
        var found: Accounts = []
        var seen: Set<String> = []
        for _ in 0..<Self.deepest where !level.isEmpty {
            level = level.filter { seen.insert($0.id).inserted }.map { unit in
                var unit = unit
                unit.isSkipped = unit.isSkipped || settings.organization.skippedUnits.contains(unit.id)
                return unit
            }
            let hub = hub
            let looked = try await level.concurrentMap(Self.width) { unit throws(AWSError) in
                let accounts = try await hub.all(Organizations.ListAccountsForParent(parentId: unit.id)).map {
                    (OrganizationAccount($0, path: unit.path), unit.isSkipped)
                }
                let below = try await hub.all(Organizations.ListOrganizationalUnitsForParent(parentId: unit.id)).map {
                    Unit(
                        id: $0.id, path: [unit.path, $0.name ?? $0.id].compactMap { $0 }.joined(separator: "/"),
                        isSkipped: unit.isSkipped)
                }
                return (accounts, below)
            }
            found += looked.flatMap(\.0)
            level = looked.flatMap(\.1)
        }
        guard level.isEmpty else {
            throw AWSError(.malformed, "organisational units are nested deeper than \(Self.deepest) levels")
        }
        return found
    }

    /// The accounts with their tags. Tags that cannot be read are left as they were known.
    private func withTags(_ accounts: [OrganizationAccount]) async -> [OrganizationAccount] {
        let hub = hub
        let tags: [[String: String]?]
        do throws(AWSError) {
            tags = try await accounts.concurrentMap(Self.width) { account throws(AWSError) -> [String: String]? in
                guard account.state == nil || account.state == "ACTIVE" else { return nil }
                let tags = try await hub.all(Organizations.ListTagsForResource(resourceId: account.id))
                return Dictionary(tags.map { ($0.key, $0.value) }) { $1 }
            }
        } catch {
            logger.warning(
                "cannot read the tags of accounts: allow organizations:ListTagsForResource, or turn discovery.organization.read_tags off",
                metadata: ["error": "\(error)"])
            return accounts
        }
        return zip(accounts, tags).map { account, tags in
            var account = account
            account.tags = tags
            return account
        }
    }
}

extension OrganizationAccount {
    init(_ account: Organizations.Account, path: String?) {
        self.init(
            id: account.id, name: account.name, email: account.email, state: account.currentState,
            organizationalUnit: path)
        isManagement = account.isManagement
    }
}

extension Array where Element: Sendable {
    /// What `body` makes of each element, in their order; at most `width` of them at a time.
    func concurrentMap<Value: Sendable>(
        _ width: Int, _ body: @escaping @Sendable (Element) async throws(AWSError) -> Value
    ) async throws(AWSError) -> [Value] {
        typealias Outcome = (Int, Result<Value, AWSError>)
        let found = await withTaskGroup(of: Outcome.self) { group in
            var next = 0
            func add() {
                guard next < count else { return }
                let (index, element) = (next, self[next])
                next += 1
                group.addTask {
                    do throws(AWSError) { return (index, .success(try await body(element))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<Swift.max(1, width) { add() }
            var values: [Value?] = Array<Value?>(repeating: nil, count: count)
            var failure: AWSError?
            for await (index, outcome) in group {
                switch outcome {
                case .success(let value): values[index] = value
                case .failure(let error): failure = failure ?? error
                }
                // What is under way comes to its end; nothing more is begun after a failure.
                if failure == nil { add() }
            }
            return failure.map { Result<[Value], AWSError>.failure($0) } ?? .success(values.compactMap { $0 })
        }
        return try found.get()
    }
}
