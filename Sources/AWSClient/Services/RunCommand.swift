import Foundation

/// SSM Run Command.
extension SSM {
    /// Instances of one SendCommand. AWS calls 51 of them throttled (botocore #993).
    package static let commandSize = 50
    /// Characters that ListCommandInvocations keeps of a step's output, and GetCommandInvocation of its stdout.
    package static let listOutputLimit = 2_500
    package static let outputLimit = 24_000

    /// Starts a document on instances.
    package struct SendCommand: JSONAction {
        package static let description = ActionDescription(
            .ssm, "SendCommand", roles: [.spoke], reason: "Starts the document on up to 50 instances.",
            isIdempotent: false)

        package var documentName: String
        package var documentVersion: String?
        package var documentHash: String?
        package var documentHashType: String?
        package var instanceIds: [String]
        package var parameters: [String: [String]]
        /// At most 100 characters.
        package var comment: String?
        /// Seconds that the command waits for a node to take it: 30 to 2,592,000.
        package var timeoutSeconds: Int?
        package var maxConcurrency: String?
        /// `100%`: AWS's default stops the command at its first failure.
        package var maxErrors = "100%"
        /// Where the instances write their whole output, with their own roles.
        package var outputS3BucketName: String?
        package var outputS3KeyPrefix: String?

        package init(documentName: String, instanceIds: [String], parameters: [String: [String]] = [:]) {
            self.documentName = documentName
            self.instanceIds = instanceIds
            self.parameters = parameters
        }

        package struct Output: Decodable, Sendable { package var command: Command }
    }

    /// A command that was sent.
    package struct Command: Decodable, Sendable, Equatable {
        package var commandId: String
        package var status: String?
        package var statusDetails: String?
        package var requestedDateTime: Date?
        package var expiresAfter: Date?
        package var targetCount: Int?
        package var completedCount: Int?
        package var errorCount: Int?
    }

    /// The invocations of a command, with the first 2,500 characters of each step's output.
    package struct ListCommandInvocations: JSONAction, PagedAction {
        package static let description = ActionDescription(
            .ssm, "ListCommandInvocations", roles: [.spoke],
            reason: "Reads the state and the output of 50 invocations at once.")

        package var commandId: String?
        package var instanceId: String?
        package var details = true
        /// At most 50.
        package var maxResults = commandSize
        package var nextToken: String?
        /// Conditions with the keys `key` and `value`.
        package var filters: [[String: String]]?

        package init(commandId: String) { self.commandId = commandId }

        /// The invocations on one node since a time, without their outputs: finds a command by its comment.
        package init(instanceId: String, since: Date) {
            self.instanceId = instanceId
            details = false
            filters = [["key": "InvokedAfter", "value": since.formatted(.iso8601)]]
        }

        package struct Output: Decodable, Sendable {
            package var commandInvocations: [Invocation]?
            package var nextToken: String?
        }

        package static func items(_ output: Output) -> [Invocation] { output.commandInvocations ?? [] }
        package static func nextToken(_ output: Output) -> String? { output.nextToken }
    }

    /// A command on one node.
    package struct Invocation: Decodable, Sendable, Equatable {
        package struct Step: Decodable, Sendable, Equatable {
            package var name: String
            package var status: String?
            package var statusDetails: String?
            package var responseCode: Int?
            package var responseStartDateTime: Date?
            package var responseFinishDateTime: Date?
            package var output: String?
        }

        package var commandId: String
        package var instanceId: String
        package var status: String
        package var statusDetails: String?
        package var requestedDateTime: Date?
        package var comment: String?
        package var commandPlugins: [Step]?
    }

    /// One step's output on one node: 24,000 characters of stdout, 8,000 of stderr.
    ///
    /// Right after SendCommand it answers `InvocationDoesNotExist`, which is `notFound`.
    package struct GetCommandInvocation: JSONAction {
        package static let description = ActionDescription(
            .ssm, "GetCommandInvocation", roles: [.spoke],
            reason: "Reads an output that is longer than 2,500 characters.")

        package var commandId: String
        package var instanceId: String
        /// The step; needed for a document of several.
        package var pluginName: String?

        package init(commandId: String, instanceId: String, pluginName: String? = nil) {
            self.commandId = commandId
            self.instanceId = instanceId
            self.pluginName = pluginName
        }

        package struct Output: Decodable, Sendable, Equatable {
            package var commandId: String
            package var instanceId: String
            package var pluginName: String?
            package var responseCode: Int?
            package var status: String
            package var statusDetails: String?
            package var standardOutputContent: String?
            package var standardErrorContent: String?
        }
    }

    /// Stops a command, on some of its nodes or on all.
    package struct CancelCommand: JSONAction {
        package static let description = ActionDescription(
            .ssm, "CancelCommand", roles: [.spoke], reason: "Stops the document when a discovery is cancelled.")

        package var commandId: String
        package var instanceIds: [String]?

        package init(commandId: String, instanceIds: [String]? = nil) {
            self.commandId = commandId
            self.instanceIds = instanceIds
        }

        package typealias Output = NoOutput
    }
}
