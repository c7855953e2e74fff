/// A group of regions with an IAM and DNS names of its own.
///
/// Source: botocore's partitions.json; Tests/EndToEnd/test_aws_client.py compares with the installed botocore.
package struct Partition: Sendable, Equatable {
    /// As in ARNs, such as `aws-us-gov`.
    package var id: String
    var suffix: String
    var dualStackSuffix: String
    /// What its regions' names begin with.
    var prefixes: [String]
    /// The region that signs for Organizations.
    var organizationsRegion: String

    package static let all = [aws, china, usGov]
    /// The commercial regions.
    package static let aws = Partition(
        id: "aws", suffix: "amazonaws.com", dualStackSuffix: "api.aws",
        prefixes: ["us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"], organizationsRegion: "us-east-1")
    /// `aws-cn`.
    package static let china = Partition(
        id: "aws-cn", suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn", prefixes: ["cn-"],
        organizationsRegion: "cn-northwest-1")
    /// `aws-us-gov`.
    package static let usGov = Partition(
        id: "aws-us-gov", suffix: "amazonaws.com", dualStackSuffix: "api.aws", prefixes: ["us-gov-"],
        organizationsRegion: "us-gov-west-1")

    /// The partition of a region; that of the commercial regions when the name is unknown.
    package static func of(_ region: String) -> Partition {
        all.dropFirst().first { partition in partition.prefixes.contains { region.hasPrefix($0) } } ?? aws
    }

    /// Whether `text` can be a region's name: it becomes part of a host name.
    package static func isRegionName(_ text: String) -> Bool {
        text.utf8.count <= 32 && text.wholeMatch(of: #/[a-z]{2}(-[a-z]+)+-[0-9]{1,2}/#) != nil
    }
}
