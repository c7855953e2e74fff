import Foundation

extension Call {
    /// A root with two units: `ou-f1ee-workload` has the accounts with odd numbers, `ou-f1ee-platform` the others.
    /// Source: AWS Organizations API Reference, version 2016-11-28.
    func organizations(_ input: JSON) throws(AWSFailure) -> JSON {
        guard principal.account.index == 0 else {
            throw AWSFailure("AccessDeniedException", "You don't have permissions to access this resource.")
        }
        let arn = "arn:\(fleet.partition):organizations::\(fleet.hub.id)"
        func unit(_ name: String) -> JSON {
            [
                "Id": .string("ou-f1ee-\(name)"), "Arn": .string("\(arn):ou/o-fleet00000/ou-f1ee-\(name)"),
                "Name": .string(name),
            ]
        }
        func account(_ account: Account) -> JSON {
            let state: JSON = account.isSuspended ? "SUSPENDED" : "ACTIVE"
            return [
                "Id": .string(account.id), "Arn": .string("\(arn):account/o-fleet00000/\(account.id)"),
                "Email": .string(account.email), "Name": .string(account.name), "Status": state, "State": state,
                "JoinedMethod": "CREATED", "JoinedTimestamp": 1_700_000_000,
            ]
        }
        let parent = input["ParentId"]?.string
        switch action {
        case "ListAccounts":
            return try page(input, "Accounts", fleet.size.accounts) { account(fleet.account($0)) }
        case "ListRoots":
            let root: JSON = [
                "Id": "r-f1ee", "Arn": .string("\(arn):root/o-fleet00000/r-f1ee"), "Name": "Root", "PolicyTypes": [],
            ]
            return ["Roots": [root]]
        case "ListOrganizationalUnitsForParent":
            guard let parent, ["r-f1ee", "ou-f1ee-workload", "ou-f1ee-platform"].contains(parent) else {
                throw AWSFailure("ParentNotFoundException", "You provided parent that does not exist.")
            }
            return ["OrganizationalUnits": .array(parent == "r-f1ee" ? [unit("workload"), unit("platform")] : [])]
        case "ListAccountsForParent":
            switch parent {
            case "r-f1ee": return ["Accounts": []]
            case "ou-f1ee-workload":
                return try page(input, "Accounts", fleet.size.accounts / 2) { account(fleet.account($0 * 2 + 1)) }
            case "ou-f1ee-platform":
                return try page(input, "Accounts", (fleet.size.accounts + 1) / 2) { account(fleet.account($0 * 2)) }
            default: throw AWSFailure("ParentNotFoundException", "You provided parent that does not exist.")
            }
        case "ListTagsForResource":
            guard let found = fleet.account(id: Substring(input["ResourceId"]?.string ?? "")) else {
                throw AWSFailure("TargetNotFoundException", "We can't find a target with the ID that you specified.")
            }
            return [
                "Tags": .array(fleet.tags(found).map { ["Key": .string($0.key), "Value": .string($0.value)] })
            ]
        default: throw unknownAction
        }
    }

    private func page(_ input: JSON, _ name: String, _ count: Int, _ item: (Int) -> JSON) throws(AWSFailure) -> JSON {
        let size = input["MaxResults"]?.int ?? 20
        guard (1...20).contains(size), let start = Page.start(input["NextToken"]?.string) else {
            throw AWSFailure("InvalidInputException", "You provided a value that is not valid: MaxResults is 1 to 20.")
        }
        let end = min(count, start + size)
        return .object([
            (name, .array((min(start, end)..<end).map(item))),
            ("NextToken", end < count ? .string(Page.token(end)) : nil),
        ])
    }
}

/// Tokens of pages: opaque, and of this server alone.
enum Page {
    static func token(_ start: Int) -> String { Data("fleet-simulator:\(start)".utf8).base64EncodedString() }

    /// Where a page begins; nil for a token that is not ours.
    static func start(_ token: String?) -> Int? {
        guard let token else { return 0 }
        guard let data = Data(base64Encoded: token) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        return text.hasPrefix("fleet-simulator:") ? Int(text.dropFirst(16)).flatMap { $0 >= 0 ? $0 : nil } : nil
    }
}
