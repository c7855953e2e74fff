import Testing

@testable import AWSClient

@Suite("XML answers")
struct XMLNodeTests {
    static func parse(_ text: String) throws(AWSError) -> XMLNode {
        try XMLNode.parse(HTTPAnswer(status: 200, body: Array(text.utf8)))
    }

    @Test("names without prefixes, text with entities of XML, lists of member and item")
    func tree() throws {
        let xml = try Self.parse(
            "<?xml version=\"1.0\"?>\n<a:R xmlns:a=\"u\"><L>\n <item><k>1 &amp; &#60;2&gt;</k></item><member><k>2</k></member>"
                + "<other/></L><e/></a:R>")
        #expect(xml.name == "R" && xml.list("L").map { $0.text("k") } == ["1 & <2>", "2"])
        #expect(xml.text("e") == nil && xml.text("L") == nil && xml.text("none/k") == nil)
    }

    @Test(
        "entities, document types, half a document and another format are refused",
        arguments: [
            "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r>&e;</r>", "<!doctype html><html></html>",
            "<!DOCTYPE r [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>", "<r><a></r>", "<r>", "", "{}",
            "<r>&e;</r>",
        ])
    func refused(text: String) async {
        let error = await awsError { () async throws(AWSError) in try Self.parse(text) }
        #expect(error?.kind == .malformed)
    }

    @Test("a tree that is too deep is refused")
    func deep() async {
        let text = String(repeating: "<a>", count: 5_000) + String(repeating: "</a>", count: 5_000)
        let error = await awsError { () async throws(AWSError) in try Self.parse(text) }
        #expect(error?.message.contains("at most 32 levels") == true)
    }

    @Test("EC2: instances of all reservations, tags, and errors in EC2's spelling")
    func ec2() async throws {
        let transport = ScriptedTransport([
            HTTPAnswer.json(
                "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>"
                    + "<instanceState><code>16</code><name>running</name></instanceState><tagSet><item><key>Name</key>"
                    + "<value>db &quot;1&quot;</value></item><item><key>empty</key><value/></item></tagSet></item>"
                    + "</instancesSet></item><item><instancesSet><item><instanceId>i-2</instanceId><instanceState>"
                    + "<name>stopped</name></instanceState></item></instancesSet></item></reservationSet>"
                    + "<nextToken>n</nextToken></DescribeInstancesResponse>"),
            HTTPAnswer.json("<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"),
            HTTPAnswer.json(
                "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors>"
                    + "<RequestID>r-2</RequestID></Response>", status: 403),
        ])
        let client = AWSClient.fake(transport)
        let instances = try await client.all(
            EC2.DescribeInstances(filters: [.init("tag:env", ["prod", "stage"])]))
        #expect(instances.map(\.id) == ["i-1", "i-2"] && instances[0].tags == ["Name": "db \"1\"", "empty": ""])
        let body = String(decoding: transport.calls[1].body, as: UTF8.self)
        #expect(
            body == "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Aenv&Filter.1.Value.1=prod"
                + "&Filter.1.Value.2=stage&MaxResults=1000&NextToken=n")
        let error = await awsError { () async throws(AWSError) in try await client.send(EC2.DescribeRegions()) }
        #expect(error?.kind == .denied && error?.requestID == "r-2")
    }
}
