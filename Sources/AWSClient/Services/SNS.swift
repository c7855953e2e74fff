extension AWSService {
    /// Amazon SNS.
    package static let sns = AWSService(id: "SNS", prefix: "sns", wire: .query(version: "2010-03-31"))
}

/// Amazon SNS, API version 2010-03-31.
package enum SNS {
    /// Sends a message to a topic. The answer is the message's id.
    package struct Publish: QueryAction {
        package static let description = ActionDescription(
            .sns, "Publish", roles: [.hub], reason: "Sends alerts to the topic that the configuration names.")
        /// Bytes of a message.
        package static let messageLimit = 256 << 10

        /// The message's id.
        package typealias Output = String

        package var topicArn: String
        /// At most 262,144 bytes.
        package var message: String
        /// Of an e-mail: at most 100 characters, without line ends.
        package var subject: String?
        /// Text attributes, for filter policies.
        package var attributes: [String: String]

        package init(topicArn: String, message: String, subject: String? = nil, attributes: [String: String] = [:]) {
            self.topicArn = topicArn
            self.message = message
            self.subject = subject
            self.attributes = attributes
        }

        package var parameters: QueryParameters {
            var parameters = QueryParameters()
            parameters.add("TopicArn", topicArn)
            parameters.add("Message", message)
            parameters.add("Subject", subject)
            for (index, attribute) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
                let name = "MessageAttributes.entry.\(index + 1)"
                parameters.add("\(name).Name", attribute.key)
                parameters.add("\(name).Value.DataType", "String")
                parameters.add("\(name).Value.StringValue", attribute.value)
            }
            return parameters
        }

        package static func output(_ xml: XMLNode) throws(AWSError) -> String { try xml.required("MessageId") }
    }
}
