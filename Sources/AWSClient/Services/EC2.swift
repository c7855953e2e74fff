import Foundation

extension AWSService {
    /// Amazon EC2.
    package static let ec2 = AWSService(id: "EC2", prefix: "ec2", wire: .query(version: "2016-11-15"))
}

/// Amazon EC2, API version 2016-11-15.
package enum EC2 {
    /// The regions, and whether the account enabled them.
    package struct DescribeRegions: QueryAction {
        package static let description = ActionDescription(
            .ec2, "DescribeRegions", roles: [.spoke, .deploy, .remove],
            reason: "Finds the regions that the account enabled.")

        package struct Region: Sendable, Equatable {
            package var name: String
            /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
            package var optInStatus: String?

            package var isEnabled: Bool { optInStatus != "not-opted-in" }
        }

        package typealias Output = [Region]

        /// Also those that the account did not enable.
        package var allRegions: Bool

        package init(allRegions: Bool = true) { self.allRegions = allRegions }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("AllRegions", allRegions)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> [Region] {
            var regions: [Region] = []
            for item in xml.list("regionInfo") {
                regions.append(Region(name: try item.required("regionName"), optInStatus: item.text("optInStatus")))
            }
            return regions
        }
    }

    /// An instance.
    package struct Instance: Sendable, Equatable {
        package var id: String
        /// `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`.
        package var state: String
        package var type: String?
        package var imageID: String?
        /// `windows`, or `nil` for every other.
        package var platform: String?
        /// `Linux/UNIX`, `Windows`, `Red Hat Enterprise Linux`, …
        package var platformDetails: String?
        /// `x86_64`, `arm64`, `i386`, `x86_64_mac` or `arm64_mac`.
        package var architecture: String?
        package var availabilityZone: String?
        package var vpcID: String?
        package var subnetID: String?
        package var privateAddress: String?
        package var publicAddress: String?
        package var launchedAt: Date?
        /// The ARN of its instance profile.
        package var profileARN: String?
        package var tags: [String: String]

        init(_ xml: XMLNode) throws(AWSError) {
            id = try xml.required("instanceId")
            state = try xml.required("instanceState/name")
            type = xml.text("instanceType")
            imageID = xml.text("imageId")
            platform = xml.text("platform")
            platformDetails = xml.text("platformDetails")
            architecture = xml.text("architecture")
            availabilityZone = xml.text("placement/availabilityZone")
            vpcID = xml.text("vpcId")
            subnetID = xml.text("subnetId")
            privateAddress = xml.text("privateIpAddress")
            publicAddress = xml.text("ipAddress")
            launchedAt = xml.text("launchTime").flatMap(AWSDate.parse)
            profileARN = xml.text("iamInstanceProfile/arn")
            tags = [:]
            for tag in xml.list("tagSet") { tags[try tag.required("key")] = tag.text("value") ?? "" }
        }
    }

    /// The instances of a region.
    package struct DescribeInstances: QueryAction, PagedAction {
        package static let description = ActionDescription(
            .ec2, "DescribeInstances", roles: [.spoke], reason: "Finds the instances, their states and tags.")
        /// The most instances of a page.
        package static let pageSize = 1_000
        package static var answerLimit: Int { 64 << 20 }

        package var filters: [QueryParameters.Filter]
        /// These instances only, without pages: at most 1,000.
        package var instanceIDs: [String]
        package var maxResults = pageSize
        package var nextToken: String?

        package struct Output: Sendable {
            package var instances: [Instance]
            package var nextToken: String?
        }

        package init(filters: [QueryParameters.Filter] = [], instanceIDs: [String] = []) {
            self.filters = filters
            self.instanceIDs = instanceIDs
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add(filters: filters)
            parameters.add(list: "InstanceId", instanceIDs)
            // EC2 refuses a page size next to ids.
            if instanceIDs.isEmpty { parameters.add("MaxResults", maxResults) }
            parameters.add("NextToken", nextToken)
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> Output {
            var output = Output(instances: [], nextToken: xml.text("nextToken"))
            for reservation in xml.list("reservationSet") {
                for item in reservation.list("instancesSet") { output.instances.append(try Instance(item)) }
            }
            return output
        }

        package static func items(_ output: Output) -> [Instance] { output.instances }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }
}
