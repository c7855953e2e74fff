import Foundation

/// What became of a command.
extension Call {
    func command(_ input: JSON) throws(AWSFailure) -> CommandBook.Command {
        let id = input["CommandId"]?.string ?? ""
        guard id.utf8.count == 36 else {
            throw AWSFailure("InvalidCommandId", "The specified command ID isn't valid. Verify the ID and try again.")
        }
        guard let command = simulator.commands.command(id, account: account.index, region: region) else {
            throw AWSFailure("InvalidCommandId", "The specified command ID isn't valid. Verify the ID and try again.")
        }
        return command
    }

    /// All commands of an instance, without a command's id.
    private func listInvocations(of instance: String, _ input: JSON) throws(AWSFailure) -> JSON {
        var after = Date.distantPast
        for filter in input["Filters"]?.array ?? [] {
            guard filter["key"]?.string == "InvokedAfter", let text = filter["value"]?.string,
                let time = try? Date(text, strategy: .iso8601)
            else { throw AWSFailure("InvalidFilterKey", "The specified key isn't valid.") }
            after = time
        }
        let commands = simulator.commands.commands(
            account: account.index, region: region, instance: instance, after: after)
        var shown: [JSON] = []
        for command in commands.prefix(50) {
            guard let index = command.invocations.firstIndex(where: { $0.instance.id == instance }) else { continue }
            shown.append(listed(command, index, details: input["Details"]?.bool ?? false))
        }
        return ["CommandInvocations": .array(shown)]
    }

    func listInvocations(_ input: JSON) throws(AWSFailure) -> JSON {
        if input["CommandId"] == nil, let instance = input["InstanceId"]?.string {
            return try listInvocations(of: instance, input)
        }
        let command = try command(input)
        let size = input["MaxResults"]?.int ?? 50
        guard (1...50).contains(size) else {
            throw .validation(
                "1 validation error detected: Value '\(size)' at 'maxResults' failed to satisfy constraint: 1 to 50")
        }
        guard let start = Page.start(input["NextToken"]?.string) else {
            throw AWSFailure("InvalidNextToken", "The specified token isn't valid.")
        }
        let wanted = input["InstanceId"]?.string
        var shown: [JSON] = []
        var index = min(start, command.invocations.count)
        while index < command.invocations.count, shown.count < size {
            let invocation = command.invocations[index]
            if wanted ?? invocation.instance.id == invocation.instance.id {
                shown.append(listed(command, index, details: input["Details"]?.bool ?? false))
            }
            index += 1
        }
        return .object([
            ("CommandInvocations", .array(shown)),
            ("NextToken", index < command.invocations.count ? .string(Page.token(index)) : nil),
        ])
    }

    private func listed(_ command: CommandBook.Command, _ index: Int, details: Bool) -> JSON {
        let invocation = command.invocations[index]
        let state = simulator.commands.state(command, invocation)
        return [
            "CommandId": .string(command.id), "InstanceId": .string(invocation.instance.id),
            "InstanceName": .string(invocation.instance.name),
            "Comment": .string(command.comment), "DocumentName": .string(command.document.name), "DocumentVersion": "1",
            "RequestedDateTime": .time(command.sentAt), "Status": .string(state.status),
            "StatusDetails": .string(state.details),
            "StandardOutputUrl": "", "StandardErrorUrl": "",
            "CommandPlugins": .array(details ? steps(command, index).map(\.listed) : []),
        ]
    }

    private struct Step {
        var name: String
        var state: (status: String, details: String, isFinal: Bool)
        var code: Int
        var started: Date
        var ended: Date
        var output: String

        var error: String { code > 0 ? "failed to run commands: exit status \(code)" : "" }

        /// Output and error together, 2,500 characters of them.
        var listed: JSON {
            let text = error.isEmpty ? output : "\(output)\n----------ERROR-------\n\(error)"
            let mark = "---Output truncated---"
            let shown =
                text.utf8.count <= 2_500
                ? text : String(decoding: text.utf8.prefix(2_500 - mark.utf8.count), as: UTF8.self) + mark
            return .object([
                ("Name", .string(name)), ("Status", .string(state.status)), ("StatusDetails", .string(state.details)),
                ("ResponseCode", .number(Double(code))), ("ResponseStartDateTime", .time(started)),
                ("ResponseFinishDateTime", state.isFinal ? .time(ended) : nil), ("Output", .string(shown)),
                ("StandardOutputUrl", ""), ("StandardErrorUrl", ""), ("OutputS3Region", "us-east-1"),
                ("OutputS3BucketName", ""),
                ("OutputS3KeyPrefix", ""),
            ])
        }
    }

    private func steps(_ command: CommandBook.Command, _ index: Int) -> [Step] {
        let invocation = command.invocations[index]
        let state = simulator.commands.state(command, invocation)
        let speed = simulator.commands.hosts.speed
        let isSkipped = invocation.instance.kind == .windows && command.document.isCensus
        let outputs = state.isFinal && state.status != "Cancelled" ? simulator.commands.outputs(command, index) : []
        if let output = command.output {
            // A hostile host writes its own output over those of all hosts of its command.
            let author = command.invocations.firstIndex { $0.instance.outcome == .hostile }
            let texts = author.map { simulator.commands.outputs(command, $0) } ?? outputs
            for (step, text) in zip(command.document.steps, outputs.isEmpty ? [] : texts) {
                _ = simulator.objects.put(
                    "\(output)/\(command.id)/\(invocation.instance.id)/awsrunShellScript/\(step.name)/stdout",
                    Array(text.utf8))
            }
        }
        return command.document.steps.enumerated().map { number, step in
            var state = state
            if isSkipped, state.isFinal {
                (state.status, state.details) = ("Success", "Skipped")
            } else if state.isFinal, number > 0, state.status == "Failed" {
                (state.status, state.details) = ("Success", "Success")
            }
            return Step(
                name: step.name, state: state, code: state.isFinal && state.status == "Success" ? 0 : invocation.code,
                started: command.sentAt.addingTimeInterval(invocation.starts / speed),
                ended: command.sentAt.addingTimeInterval(min(invocation.ends, 1e9) / speed),
                output: number < outputs.count ? outputs[number] : "")
        }
    }

    func getInvocation(_ input: JSON) throws(AWSFailure) -> JSON {
        let command = try command(input)
        let id = input["InstanceId"]?.string
        // AWS does not know an invocation right after it was sent.
        guard let index = command.invocations.firstIndex(where: { $0.instance.id == id }),
            -command.sentAt.timeIntervalSinceNow > 0.3
        else {
            throw AWSFailure("InvocationDoesNotExist", "")
        }
        let steps = steps(command, index)
        let name = input["PluginName"]?.string
        guard let step = name.map({ name in steps.first { $0.name == name } }) ?? steps.first else {
            throw AWSFailure("InvalidPluginName", "The plugin name isn't valid.")
        }
        let isWhole = name != nil || steps.count == 1
        let state = isWhole ? step.state : simulator.commands.state(command, command.invocations[index])
        func cut(_ text: String, _ limit: Int) -> JSON {
            let mark = "--output truncated--"
            if text.utf8.count < limit { return .string(text) }
            return .string(String(decoding: text.utf8.prefix(limit - mark.utf8.count - 1), as: UTF8.self) + mark)
        }
        return [
            "CommandId": .string(command.id), "InstanceId": id.map(JSON.string), "Comment": .string(command.comment),
            "DocumentName": .string(command.document.name), "DocumentVersion": "1",
            "PluginName": .string(isWhole ? step.name : ""),
            "ResponseCode": .number(Double(state.isFinal ? step.code : -1)),
            "ExecutionStartDateTime": .string(step.started.formatted(.iso8601)),
            "ExecutionEndDateTime": .string(state.isFinal ? step.ended.formatted(.iso8601) : ""),
            "Status": .string(state.status), "StatusDetails": .string(state.details),
            "StandardOutputContent": isWhole && state.isFinal ? cut(step.output, 24_000) : "", "StandardOutputUrl": "",
            "StandardErrorContent": isWhole && state.isFinal ? cut(step.error, 8_000) : "", "StandardErrorUrl": "",
        ]
    }
}
