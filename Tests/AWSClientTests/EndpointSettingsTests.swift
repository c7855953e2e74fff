import Testing

@testable import AWSClient

@Suite("Endpoints")
struct EndpointSettingsTests {
    static func host(
        _ service: AWSService, _ region: String, change: (inout EndpointSettings) -> Void = { _ in }
    ) throws -> String {
        var settings = EndpointSettings()
        change(&settings)
        return try settings.endpoint(service, region: region).origin.description
    }

    @Test("the three partitions; Organizations has one region in each")
    func partitions() throws {
        #expect(try Self.host(.ssm, "eu-west-1") == "https://ssm.eu-west-1.amazonaws.com")
        #expect(try Self.host(.ssm, "cn-north-1") == "https://ssm.cn-north-1.amazonaws.com.cn")
        #expect(try Self.host(.sts, "us-gov-east-1") == "https://sts.us-gov-east-1.amazonaws.com")
        #expect(try Self.host(.organizations, "ap-south-1") == "https://organizations.us-east-1.amazonaws.com")
        #expect(try Self.host(.organizations, "cn-north-1") == "https://organizations.cn-northwest-1.amazonaws.com.cn")
    }

    @Test("FIPS and dual-stack")
    func variants() throws {
        #expect(try Self.host(.ec2, "us-east-1") { $0.useFIPS = true } == "https://ec2-fips.us-east-1.amazonaws.com")
        #expect(try Self.host(.ssm, "eu-west-1") { $0.useDualStack = true } == "https://ssm.eu-west-1.api.aws")
        #expect(
            try Self.host(.s3, "us-east-1") { ($0.useDualStack, $0.useFIPS) = (true, true) }
                == "https://s3-fips.dualstack.us-east-1.amazonaws.com")
    }

    @Test("an own address for all services, and a stronger one for one")
    func own() throws {
        let change: (inout EndpointSettings) -> Void = {
            $0.url = "http://127.0.0.1:5000/"
            $0.urls["SSM"] = "https://[::1]:7443/ssm"
        }
        #expect(try Self.host(.ec2, "eu-west-1", change: change) == "http://127.0.0.1:5000")
        #expect(try Self.host(.ssm, "eu-west-1", change: change) == "https://[::1]:7443")
    }

    @Test(
        "a region that is none never becomes a host name",
        arguments: ["", "eu-west-1.evil.com/", "EU-WEST-1", "eu", "a/b"])
    func badRegion(region: String) {
        #expect(throws: AWSError.self) { try Self.host(.ssm, region) }
    }

    @Test("an address that is none is an error", arguments: ["ftp://x", "http://", "x", "http://h?q=1", "http://u@h"])
    func badAddress(url: String) {
        #expect(throws: AWSError.self) { try Self.host(.ssm, "eu-west-1") { $0.url = url } }
    }
}
