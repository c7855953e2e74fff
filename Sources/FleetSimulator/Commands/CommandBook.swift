import Foundation
import Synchronization

/// The commands of the last hours.
final class CommandBook: Sendable {
    struct Command: Sendable {
        var id: String
        var account: Int
        var region: String
        var document: Document
        var values: [String: String]
        var comment: String
        /// The bucket and the prefix of the objects with whole outputs.
        var output: String?
        var sentAt: Date
        var timeout: Double
        var invocations: [Invocation]
        /// When it was cancelled, in fleet seconds after it was sent, and for which instances; nil for all.
        var cancelled: (at: Double, instances: Set<String>?)?
    }

    let documents: DocumentBook
    let hosts: Hosts
    let real: RealHosts?
    private let fleet: Fleet
    private let commands = Mutex<[String: Command]>([:])
    /// The hash of the document whose agent a host keeps, and how many commands it took.
    private let kept = Mutex<[Int: (hash: String, commands: Int)]>([:])

    init(fleet: Fleet, documents: [Document], hosts: Hosts, real: RealHosts?) {
        self.fleet = fleet
        self.documents = DocumentBook(fleet, documents)
        self.hosts = hosts
        self.real = real
    }

    func elapsed(_ command: Command) -> Double { -command.sentAt.timeIntervalSinceNow * hosts.speed }

    /// Sends a document to instances that SSM knows.
    func send(
        _ document: Document, _ values: [String: String], to instances: [Instance], region: String, comment: String,
        timeout: Double, output: String? = nil, concurrency: Int, maxErrors: Int
    ) -> Command {
        let id = UUID().uuidString.lowercased()
        var invocations: [Invocation] = []
        for instance in instances {
            let fetches = values["fetch"] != "no"
            let (hasAgent, attempt) = kept.withLock { kept in
                var state = kept[instance.number] ?? ("", 0)
                if fetches, instance.kind == .managed || instance.kind == .hybrid { state.hash = document.hash }
                state.commands += 1
                kept[instance.number] = state
                return (state.hash == document.hash, state.commands)
            }
            invocations.append(hosts.plan(instance, document, hasAgent: hasAgent, timeout: timeout, attempt: attempt))
            if instance.outcome == .terminated { fleet.terminate(instance) }
        }
        Self.limit(&invocations, concurrency: concurrency, maxErrors: maxErrors)
        let command = Command(
            id: id, account: instances.first?.account.index ?? 0, region: region, document: document, values: values,
            comment: comment, output: output, sentAt: Date(), timeout: timeout, invocations: invocations)
        commands.withLock { commands in
            if commands.count > 50_000 { commands = commands.filter { elapsed($0.value) < 7_200 } }
            commands[id] = command
        }
        if let real { runReal(real, command) }
        return command
    }

    /// Starts an invocation when another ends, as many at once as `concurrency`, and no more after too many errors.
    private static func limit(_ invocations: inout [Invocation], concurrency: Int, maxErrors: Int) {
        var ends: [(at: Double, failed: Bool)] = []
        for index in invocations.indices {
            var wait = 0.0
            if index >= concurrency {
                ends.sort { $0.at < $1.at }
                wait = ends[index - concurrency].at
                if ends.filter({ $0.failed && $0.at <= wait }).count > maxErrors {
                    invocations[index].status = "Failed"
                    invocations[index].details = "Terminated"
                    invocations[index].outputs = []
                    (invocations[index].starts, invocations[index].ends) = (wait, wait)
                    ends.append((wait, false))
                    continue
                }
            }
            invocations[index].starts += wait
            invocations[index].ends += wait
            ends.append(
                (
                    invocations[index].ends,
                    invocations[index].status != "Success" && invocations[index].details != "Undeliverable"
                ))
        }
    }

    /// The command, when it is of this account and region.
    func command(_ id: String, account: Int, region: String) -> Command? {
        commands.withLock { $0[id] }.flatMap { $0.account == account && $0.region == region ? $0 : nil }
    }

    /// How many commands an instance took.
    func count(of instance: Instance) -> Int { kept.withLock { $0[instance.number]?.commands ?? 0 } }

    /// The commands of an account and region that were sent after a time and have the instance.
    func commands(account: Int, region: String, instance: String, after time: Date) -> [Command] {
        commands.withLock { commands in
            commands.values.filter { command in
                command.account == account && command.region == region && command.sentAt > time
                    && command.invocations.contains { $0.instance.id == instance }
            }
        }
    }

    func cancel(_ command: Command, instances: Set<String>?) {
        commands.withLock { $0[command.id]?.cancelled = (elapsed(command), instances) }
    }

    /// What AWS shows of an invocation now.
    func state(_ command: Command, _ invocation: Invocation) -> (status: String, details: String, isFinal: Bool) {
        if let cancelled = command.cancelled, cancelled.instances?.contains(invocation.instance.id) ?? true,
            cancelled.at < invocation.ends
        {
            return elapsed(command) < cancelled.at + 0.5
                ? ("Cancelling", "Cancelling", false) : ("Cancelled", "Cancelled", true)
        }
        return invocation.state(at: elapsed(command))
    }

    /// The outputs of an invocation that has ended; they are made once and kept.
    func outputs(_ command: Command, _ index: Int) -> [String] {
        let invocation = command.invocations[index]
        if let outputs = invocation.outputs { return outputs }
        let made = hosts.outputs(
            invocation.instance, steps: command.document.steps.count,
            at: command.sentAt.addingTimeInterval(invocation.starts / hosts.speed),
            other: fleet.instance(invocation.instance.number ^ 1))
        commands.withLock { $0[command.id]?.invocations[index].outputs = made }
        return made
    }

    private func runReal(_ real: RealHosts, _ command: Command) {
        for (index, invocation) in command.invocations.enumerated()
        where real.takes(invocation.instance, command.document) {
            commands.withLock { $0[command.id]?.invocations[index].ends = .infinity }
            Task {
                let (code, outputs) = await real.run(command, on: invocation.instance)
                let ends = elapsed(command)
                commands.withLock { commands in
                    commands[command.id]?.invocations[index].ends = ends
                    commands[command.id]?.invocations[index].status = code == 0 ? "Success" : "Failed"
                    commands[command.id]?.invocations[index].details = code == 0 ? "Success" : "Failed"
                    commands[command.id]?.invocations[index].code = code
                    commands[command.id]?.invocations[index].outputs = outputs
                }
            }
        }
    }
}
