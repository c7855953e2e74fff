import ArgumentParser
import Foundation
import Inventory
import Store
import Terminal

/// `dbcensus-collector hosts retire`: hosts that no longer exist.
struct HostsRetireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Retire hosts that no longer exist: their databases become missing, and no alert counts them.",
        discussion: "Their history stays. A host that reports again is no longer retired.")

    @Argument(help: "Ids of hosts.")
    var ids: [String]

    @OptionGroup var store: StoreOptions

    func run() throws {
        let inventory = try store.open()
        for id in ids {
            guard try inventory.retireHost(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no host \(id), or it is retired already")
            }
            try inventory.audit("hosts retire", target: id)
        }
    }
}

/// `dbcensus-collector hosts forget`: hosts that should never have been there.
struct HostsForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove hosts with their databases, history and reports.",
        discussion:
            "--sent-by removes every host whose reports a token sends. You cannot undo this: back up the store first."
    )

    @Argument(help: "Ids of hosts.")
    var ids: [String] = []

    @Option(help: "The id of a token: remove every host whose reports it sends.")
    var sentBy: String?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard ids.isEmpty != (sentBy == nil) else {
            throw ValidationError("Name hosts, or a token with --sent-by, not both.")
        }
    }

    func run() throws {
        let inventory = try store.open()
        var count = 0
        func forget(_ id: String) throws {
            guard try inventory.forgetHost(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no host \(id)")
            }
            count += 1
        }
        if let sentBy {
            try inventory.audit("hosts forget", target: "sent by \(sentBy)")
            while let hosts = Optional(try inventory.hosts(sentBy: sentBy)), !hosts.isEmpty {
                try hosts.forEach(forget)
            }
        } else {
            for id in ids {
                try forget(id)
                try inventory.audit("hosts forget", target: id)
            }
        }
        Talk.say("\(count) hosts removed.")
    }
}

/// `dbcensus-collector hosts split`: undoes what a forged report joined.
struct HostsSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Sort a host's reports again by sender and identity.",
        discussion: """
            Use it when reports of two machines, or of two senders, are in one host. Each sender's reports become a \
            separate host. Reports that today's rules reject become dead letters. What only removed reports said is lost.
            """)

    @Argument(help: "The host's id.")
    var id: String

    @OptionGroup var store: StoreOptions

    func run() throws {
        let inventory = try store.open()
        guard let split = try inventory.splitHost(id) else {
            throw CollectorError(exitCode: .usage, message: "there is no host \(id)")
        }
        try inventory.audit("hosts split", target: id)
        for host in split.hosts { try Output.print(PlainText.neutralised(host) + "\n") }
        if split.refused > 0 { Talk.say("\(split.refused) reports became dead letters: see `dead-letters list`.") }
    }
}
