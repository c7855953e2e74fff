import Synchronization

/// An organisation of accounts with instances, made from a seed; only what calls change is kept.
final class Fleet: Sendable {
    struct Size: Sendable {
        var accounts = 3
        var regions = ["eu-west-1"]
        /// In each account and region.
        var instances = 10
        var seed: UInt64 = 1
        /// Regions that a policy denies to every account.
        var deniedRegions: Set<String> = []
    }

    let size: Size
    let shares: Shares
    let counts: DatabaseCounts
    let partition: String
    private let draw: Draw
    /// Instances that are gone.
    private let gone = Mutex<Set<Int>>([])

    init(size: Size, shares: Shares, counts: DatabaseCounts) {
        self.size = size
        self.shares = shares
        self.counts = counts
        draw = Draw(seed: size.seed)
        let first = size.regions.first ?? ""
        partition = first.hasPrefix("us-gov-") ? "aws-us-gov" : first.hasPrefix("cn-") ? "aws-cn" : "aws"
    }

    // MARK: Accounts

    /// The account that runs the collector. It is the first one, and manages the organisation.
    var hub: Account { account(0) }
    var accounts: some RandomAccessCollection<Account> { (0..<size.accounts).lazy.map(account) }

    func account(_ index: Int) -> Account {
        let draw = draw.of("account").of(index)
        func share(_ name: Shares.Name, _ purpose: StaticString) -> Bool {
            index > 0 && draw.of(purpose).fraction < shares[name]
        }
        return Account(
            index: index, id: "\(100_000_000_000 + index * 1_000_003 + Int(size.seed % 1_000_000))",
            isSuspended: share(.suspended, "suspended"), deniesRole: share(.denied, "denied"),
            sessionExpires: share(.expired, "expired"))
    }

    func account(id: Substring) -> Account? {
        guard let number = Int(id) else { return nil }
        let (index, rest) = (number - 100_000_000_000 - Int(size.seed % 1_000_000)).quotientAndRemainder(
            dividingBy: 1_000_003)
        return rest == 0 && (0..<size.accounts).contains(index) ? account(index) : nil
    }

    /// Tags of an account, as Organizations has them.
    func tags(_ account: Account) -> [(key: String, value: String)] {
        let draw = draw.of("account tags").of(account.index)
        return [
            ("team", draw.of("team").pick(["payments", "search", "platform"])),
            ("cost-center", "\(4_000 + account.index)"),
        ]
    }

    /// Whether a service control policy denies everything in this region of an account.
    func isDenied(_ account: Account, region: Int) -> Bool {
        size.deniedRegions.contains(size.regions[region])
            || account.index > 0 && draw.of("region").of(account.index).of(region).fraction < shares[.deniedByPolicy]
    }

    // MARK: Instances

    /// The number of the first instance of an account's region; its others follow.
    func firstInstance(_ account: Account, region: Int) -> Int {
        (account.index * size.regions.count + region) * size.instances
    }

    func instance(_ number: Int) -> Instance {
        let draw = draw.of("instance").of(number)
        let place = number / max(1, size.instances)
        let kind = Instance.Kind(draw.of("kind").fraction, shares)
        let outcome = Instance.Outcome(draw.of("outcome").fraction, shares)
        return Instance(
            number: number, account: account(place / size.regions.count),
            region: size.regions[place % size.regions.count],
            kind: kind, outcome: outcome, databases: counts.draw(draw.of("databases")), draw: draw)
    }

    /// The instance with this id, when it is of this account and region.
    func instance(id: String, _ account: Account, region: Int) -> Instance? {
        guard (19...20).contains(id.utf8.count), let number = Int(id.suffix(9), radix: 16) else { return nil }
        let first = firstInstance(account, region: region)
        guard (first..<first + size.instances).contains(number) else { return nil }
        let instance = instance(number)
        return instance.id == id ? instance : nil
    }

    func isGone(_ instance: Instance) -> Bool { gone.withLock { $0.contains(instance.number) } }
    func terminate(_ instance: Instance) { gone.withLock { _ = $0.insert(instance.number) } }
}

struct Account: Sendable {
    var index: Int
    /// Twelve digits.
    var id: String
    var isSuspended: Bool
    var deniesRole: Bool
    /// Its first session ends in mid-run.
    var sessionExpires: Bool
    var name: String { index == 0 ? "hub" : "workload-\(index)" }
    var email: String { "\(name)@example.com" }
}
