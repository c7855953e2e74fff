import Foundation

extension Call {
    /// Source: Amazon SNS API Reference, version 2010-03-31.
    func sns() throws(AWSFailure) -> Answer {
        let form = form()
        guard let topic = form["TopicArn"] ?? form["TargetArn"],
            topic.hasPrefix("arn:\(fleet.partition):sns:\(region):")
        else {
            throw AWSFailure("InvalidParameter", "Invalid parameter: TopicArn")
        }
        guard let message = form["Message"], !message.isEmpty, message.utf8.count <= 256 << 10 else {
            throw AWSFailure("InvalidParameter", "Invalid parameter: Message too long or empty")
        }
        guard form["Subject"].map({ (1...100).contains($0.utf8.count) && !$0.contains("\n") }) ?? true else {
            throw AWSFailure("InvalidParameter", "Invalid parameter: Subject")
        }
        var xml = XML()
        xml.add("MessageId", UUID().uuidString.lowercased())
        return .xml(xml)
    }
}
