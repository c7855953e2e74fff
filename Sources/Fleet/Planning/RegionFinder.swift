import AWSClient
import Inventory

/// Finds the regions of an account: those that it enabled and that the settings and the request name.
enum RegionFinder {
    static func find(
        _ client: AWSClient, account: String, _ settings: DiscoverySettings, _ request: ScanRequest
    ) async throws(AWSError) -> [NewTask] {
        let own = settings.accounts.first { $0.id == account }?.regions ?? []
        return tasks(
            try await client.send(EC2.DescribeRegions()), account: account,
            patterns: own.isEmpty ? settings.regions : own, asked: request.regions)
    }

    /// A region that is named without a `*` and not enabled is a scope with that reason.
    static func tasks(
        _ regions: [EC2.DescribeRegions.Region], account: String, patterns: [String], asked: [String]
    ) -> [NewTask] {
        let enabled = Set(regions.filter(\.isEnabled).map(\.name))
        func isWanted(_ region: String) -> Bool {
            patterns.contains { Pattern.matches($0, region) }
                && (asked.isEmpty || asked.contains { Pattern.matches($0, region) })
        }
        let open = enabled.filter(isWanted).sorted().map { NewTask(accountID: account, region: $0) }
        let named = Set((patterns + asked).filter { !$0.contains("*") }).filter(isWanted).subtracting(enabled)
        return open
            + named.sorted().map {
                NewTask(accountID: account, region: $0, code: .regionDisabled, detail: "not_enabled")
            }
    }
}
