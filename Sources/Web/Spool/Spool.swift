import Foundation
import Synchronization

/// Reports on the collector's own disk that wait for the store, the first one first.
///
/// They are lines of files with rising numbers in a folder that one process holds. What `append` returned from is on
/// the disk. A line without an end was never acknowledged, and does not count.
public final class Spool: Sendable {
    /// Nothing more fits: its limit, one sender's part of it, or the disk.
    struct Full: Error {
        /// What is used up.
        var reason: String
        /// Others find room.
        var isOfSender = false
    }

    /// What waits.
    struct Depth: Equatable, Sendable {
        /// Reports.
        var reports = 0
        /// Bytes of its files.
        var bytes = 0
        /// When the first of them was received: RFC 3339, UTC; nil for an empty spool.
        var oldest: String?
    }

    /// A file of the spool.
    private struct Segment: Sendable {
        var number: Int
        var bytes = 0
        var reports = 0
        var oldest: String?
        /// Of what came since this program began.
        var bytesBySender: [String: Int] = [:]
    }

    private struct State {
        /// The first one first; the last one takes what comes, while `descriptor` is open.
        var segments: [Segment] = []
        var descriptor: Int32?
        var lastNumber = 0
        /// When reports last found no room; nil after others did.
        var refusedAt: ContinuousClock.Instant?

        var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }
        func bytes(of sender: String) -> Int { segments.reduce(0) { $0 + $1.bytesBySender[sender, default: 0] } }
    }

    private let state: Mutex<State>
    private let folder: SpoolFolder
    private let limit: Int
    /// Of ten parts of its limit, one sender gets nine: another one always finds room.
    private static let senderParts = 9
    /// From so many bytes on, a file takes no more.
    private static let segmentBytes = 4 << 20

    /// Opens the spool in `path`, and makes the folder where there is none.
    ///
    /// - Parameter limit: the most bytes of its files together.
    /// - Throws: `SpoolFolder.Problem` that says what is wrong with the folder, and what to do.
    public init(path: String, limit: Int) throws {
        folder = try SpoolFolder(path)
        self.limit = limit
        var state = State()
        for number in try folder.numbers() {
            let lines = try folder.lines(of: number)
            var segment = Segment(number: number, bytes: lines.reduce(0) { $0 + $1.count + 1 }, reports: lines.count)
            segment.oldest = lines.first.flatMap(SpooledReport.init(line:))?.received_at
            state.segments.append(segment)
            state.lastNumber = number
        }
        self.state = Mutex(state)
    }

    deinit { state.withLock { state in _ = state.descriptor.map { close($0) } } }

    /// Where it is.
    var path: String { folder.path }

    /// What waits.
    var depth: Depth {
        state.withLock { state in
            Depth(
                reports: state.segments.reduce(0) { $0 + $1.reports }, bytes: state.bytes,
                oldest: state.segments.first?.oldest)
        }
    }

    /// For so long after reports found no room, the spool counts as full: then senders may try again.
    private static let refusalTime = Duration.seconds(30)

    /// Whether reports found no room a moment ago, or the next may find none.
    var isFull: Bool {
        state.withLock { state in
            let hasRefused = state.refusedAt.map { $0.duration(to: .now) < Self.refusalTime } ?? false
            return hasRefused || state.bytes >= limit / 100 * 99
        } || !folder.hasRoom
    }

    /// Keeps the reports; they are on the disk when this returns.
    ///
    /// - Throws: `Full`; then none of them is kept.
    func append(_ reports: [SpooledReport]) throws {
        let lines = try reports.map { try $0.line() }
        try state.withLock { state in
            let bytes = lines.reduce(0) { $0 + $1.count }
            guard state.bytes + bytes <= limit else {
                state.refusedAt = .now
                throw Full(reason: "its limit is \(limit) bytes")
            }
            let bySender = Dictionary(zip(reports.map(\.sender), lines.map(\.count)), uniquingKeysWith: +)
            for (sender, bytes) in bySender
            where state.bytes(of: sender) + bytes > limit / 10 * Self.senderParts {
                throw Full(reason: "one sender has used its part of \(limit) bytes", isOfSender: true)
            }
            state.refusedAt = .now
            if state.descriptor == nil || state.segments.last.map({ $0.bytes >= Self.segmentBytes }) ?? true {
                try begin(&state)
            }
            guard let descriptor = state.descriptor, var segment = state.segments.last else {
                throw Full(reason: "there is no file")
            }
            do { try folder.append(Array(lines.joined()), to: descriptor, after: segment.bytes) } catch {
                // What the file holds now is not known: it takes no more.
                finish(&state)
                throw Full(reason: "\(error)")
            }
            segment.bytes += bytes
            segment.reports += reports.count
            segment.oldest = segment.oldest ?? reports.first?.received_at
            segment.bytesBySender.merge(bySender, uniquingKeysWith: +)
            state.segments[state.segments.count - 1] = segment
            state.refusedAt = nil
        }
    }

    private func begin(_ state: inout State) throws {
        finish(&state)
        do {
            state.descriptor = try folder.make(state.lastNumber + 1)
            state.lastNumber += 1
        } catch { throw Full(reason: "\(error)") }
        state.segments.append(Segment(number: state.lastNumber))
    }

    private func finish(_ state: inout State) {
        if let descriptor = state.descriptor { close(descriptor) }
        state.descriptor = nil
    }

    /// The lines of the first file, which takes no more from now on; nil for an empty spool.
    func first() throws -> (number: Int, lines: [[UInt8]])? {
        let number: Int? = state.withLock { state in
            if state.segments.count == 1 { finish(&state) }
            return state.segments.first?.number
        }
        return try number.map { ($0, try folder.lines(of: $0)) }
    }

    /// Removes the first file, whose reports are in the store.
    func remove(_ number: Int) throws {
        try folder.remove(number)
        state.withLock { state in
            state.segments.removeAll { $0.number == number }
            state.refusedAt = nil
        }
    }

    /// Keeps lines that the store takes in no way, next to the spool's files, where an operator finds them.
    func setAside(_ lines: [[UInt8]]) throws { try folder.setAside(lines) }
}
