import Foundation

extension AWSService {
    /// AWS Systems Manager.
    package static let ssm = AWSService(id: "SSM", prefix: "ssm", wire: .json(target: "AmazonSSM"))
}

/// AWS Systems Manager, API version 2014-11-06. Files beside this one add documents and Run Command.
package enum SSM {
    /// A condition on managed nodes: a key, and one of the values.
    package struct Filter: Codable, Sendable, Equatable {
        package var key: String
        package var values: [String]

        package init(_ key: String, _ values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// The managed nodes of a region.
    package struct DescribeInstanceInformation: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .ssm, "DescribeInstanceInformation", roles: [.spoke],
            reason: "Finds which instances the SSM agent connects, and whether it is online.")

        package var filters: [Filter]?
        /// 5 to 50.
        package var maxResults = 50
        package var nextToken: String?

        package struct Node: Decodable, Sendable, Equatable {
            package var instanceId: String
            /// `Online`, `ConnectionLost` or `Inactive`.
            package var pingStatus: String?
            package var lastPingDateTime: Date?
            package var agentVersion: String?
            /// `Linux`, `Windows` or `MacOS`.
            package var platformType: String?
            package var platformName: String?
            package var platformVersion: String?
            /// `EC2Instance` or `ManagedInstance`.
            package var resourceType: String?
            package var computerName: String?
            package var ipAddress: String?
            /// The name that a hybrid activation gave.
            package var name: String?
        }

        package struct Output: Decodable, Sendable {
            package var instanceInformationList: [Node]?
            package var nextToken: String?
        }

        package init(filters: [Filter] = []) { self.filters = filters.isEmpty ? nil : filters }

        package static func items(_ output: Output) -> [Node] { output.instanceInformationList ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }
}
