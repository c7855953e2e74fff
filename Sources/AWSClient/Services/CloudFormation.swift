extension AWSService {
    /// AWS CloudFormation.
    package static let cloudFormation = AWSService(
        id: "CLOUDFORMATION", prefix: "cloudformation", wire: .query(version: "2010-05-15"))
}

/// AWS CloudFormation, API version 2010-05-15: what removes stacks and StackSets.
package enum CloudFormation {
    /// Who acts on a StackSet.
    package enum CallAs: String, Sendable, CaseIterable {
        /// The management account.
        case own = "SELF"
        case delegatedAdministrator = "DELEGATED_ADMIN"
    }

    /// A stack of a StackSet.
    package struct StackInstance: Sendable, Equatable {
        package var account: String
        package var region: String
        /// The unit through which it was deployed; nil for a StackSet with permissions of its own.
        package var unit: String?
    }

    /// The stacks of a StackSet.
    package struct ListStackInstances: QueryAction, PagedAction {
        package static let description = ActionDescription(
            .cloudFormation, "ListStackInstances", roles: [.remove], reason: "Finds the stacks of a StackSet.")

        package typealias Output = XMLNode

        package var stackSet: String
        package var callAs: CallAs
        package var nextToken: String?

        package init(stackSet: String, callAs: CallAs) {
            self.stackSet = stackSet
            self.callAs = callAs
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackSetName", stackSet)
            parameters.add("CallAs", callAs.rawValue)
            parameters.add("NextToken", nextToken)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> XMLNode { xml }
        package static func items(_ output: XMLNode) -> [StackInstance] {
            (output["Summaries"]?.children ?? []).compactMap { member in
                guard let account = member.text("Account"), let region = member.text("Region") else { return nil }
                return StackInstance(account: account, region: region, unit: member.text("OrganizationalUnitId"))
            }
        }
        package static func nextToken(_ output: XMLNode) -> String? { output.text("NextToken") }
    }

    /// Removes the stacks of a StackSet from units, or from accounts where it has no units.
    package struct DeleteStackInstances: QueryAction {
        package static let description = ActionDescription(
            .cloudFormation, "DeleteStackInstances", roles: [.remove], reason: "Removes the role of each account.")

        /// The operation's id.
        package typealias Output = String

        package var stackSet: String
        package var callAs: CallAs
        package var units: [String]
        package var accounts: [String]
        package var regions: [String]

        package init(stackSet: String, callAs: CallAs, units: [String], accounts: [String], regions: [String]) {
            self.stackSet = stackSet
            self.callAs = callAs
            self.units = units
            self.accounts = accounts
            self.regions = regions
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackSetName", stackSet)
            parameters.add("CallAs", callAs.rawValue)
            parameters.add(list: "DeploymentTargets.OrganizationalUnitIds.member", units)
            if units.isEmpty { parameters.add(list: "Accounts.member", accounts) }
            parameters.add(list: "Regions.member", regions)
            parameters.add("RetainStacks", "false")
            parameters.add("OperationPreferences.MaxConcurrentPercentage", 100)
            parameters.add("OperationPreferences.FailureTolerancePercentage", 100)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> String { try xml.required("OperationId") }
    }

    /// How an operation on a StackSet goes on: `RUNNING`, `QUEUED`, `STOPPING`, `SUCCEEDED`, `FAILED` or `STOPPED`.
    package struct DescribeStackSetOperation: QueryAction {
        package static let description = ActionDescription(
            .cloudFormation, "DescribeStackSetOperation", roles: [.remove],
            reason: "Waits until the stacks of a StackSet are removed.")

        package typealias Output = String

        package var stackSet: String
        package var operation: String
        package var callAs: CallAs

        package init(stackSet: String, operation: String, callAs: CallAs) {
            self.stackSet = stackSet
            self.operation = operation
            self.callAs = callAs
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackSetName", stackSet)
            parameters.add("OperationId", operation)
            parameters.add("CallAs", callAs.rawValue)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> String {
            try xml.required("StackSetOperation/Status")
        }
    }

    /// Removes a StackSet that has no stacks.
    package struct DeleteStackSet: QueryAction {
        package static let description = ActionDescription(
            .cloudFormation, "DeleteStackSet", roles: [.remove], reason: "Removes the StackSet of the roles.")

        package typealias Output = Void

        package var stackSet: String
        package var callAs: CallAs

        package init(stackSet: String, callAs: CallAs) {
            self.stackSet = stackSet
            self.callAs = callAs
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackSetName", stackSet)
            parameters.add("CallAs", callAs.rawValue)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) {}
    }

    /// A stack's state. One that is not there is `invalid`, with the code `ValidationError`.
    package struct DescribeStacks: QueryAction {
        package static let description = ActionDescription(
            .cloudFormation, "DescribeStacks", roles: [.remove], reason: "Waits until a stack is removed.")

        package struct Output: Sendable, Equatable {
            /// Such as `DELETE_FAILED`.
            package var status: String
            package var reason: String?
        }

        package var stack: String

        package init(stack: String) { self.stack = stack }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackName", stack)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> Output {
            Output(
                status: try xml.required("Stacks/member/StackStatus"),
                reason: xml.text("Stacks/member/StackStatusReason"))
        }
    }

    /// Begins to remove a stack.
    package struct DeleteStack: QueryAction {
        package static let description = ActionDescription(
            .cloudFormation, "DeleteStack", roles: [.remove],
            reason: "Removes the stack of the hub, or of a role.")

        package typealias Output = Void

        package var stack: String

        package init(stack: String) { self.stack = stack }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("StackName", stack)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) {}
    }
}
