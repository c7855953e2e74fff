import HostView
import Synchronization

/// Finds the servers whose files do not answer: a dead network file system holds up every read, and a scan must not
/// wait for one server alone.
final class Probes: Sendable {
    private struct State {
        var next = 0
        var answered: Set<Int> = []
        var threads = 0
    }

    /// Threads that may hang in reads.
    private static let threadLimit = 16
    /// Seconds without any answer before the next ones are asked by other threads.
    private static let patience = 0.25
    /// Directories of one server that are asked.
    private static let directoryLimit = 6

    private let directories: [(root: HostRoot, paths: [String])?]
    private let state = Mutex(State())
    private let answer = Signal()

    /// Probes for `servers`: where they work, where they have files open, and what their arguments name.
    init(_ servers: [ServerProcess]) {
        directories = servers.map { server in
            guard let root = server.root else { return nil }
            let named = server.process.arguments.compactMap { argument in
                argument.firstIndex(of: "/").map { String(argument[$0...]) }
            }
            let open = server.openFileDirectories.map(\.value)
            let paths = [server.workingDirectory?.value].compactMap { $0 } + open.prefix(2) + named
            return (root, Array(paths.prefix(Self.directoryLimit)))
        }
    }

    /// Asks until all have answered, or none did for `seconds` and every thread hangs; the positions of those that were
    /// asked in vain.
    func silent(after seconds: Double) -> Set<Int> {
        var quiet = Deadline(seconds: seconds)
        startThreads(2)
        while true {
            let (answered, next, threads) = state.withLock { ($0.answered.count, $0.next, $0.threads) }
            if answered == directories.count || threads == 0 { return [] }
            if answer.wait(until: Deadline(seconds: Self.patience)) {
                quiet = Deadline(seconds: seconds)
            } else if next < directories.count, threads < Self.threadLimit {
                startThreads(2)
            } else if quiet.hasPassed {
                return state.withLock { Set(0..<$0.next).subtracting($0.answered) }
            }
        }
    }

    /// Waits until the server at `position` has answered; false when `end` came first.
    func waitForAnswer(of position: Int, until end: Deadline) -> Bool {
        while !state.withLock({ $0.answered.contains(position) }) {
            guard answer.wait(until: end) else { return false }
        }
        return true
    }

    private func startThreads(_ count: Int) {
        for _ in 0..<count where startThread(stack: 512 << 10, { [self] in work() }) {
            state.withLock { $0.threads += 1 }
        }
    }

    private func work() {
        while let position = take() {
            if let (root, paths) = directories[position] {
                for path in paths { _ = try? root.list(path, limit: 1) }
            }
            state.withLock { _ = $0.answered.insert(position) }
            answer.signal()
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < directories.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}
