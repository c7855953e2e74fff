import Foundation
import Logging

/// What the client takes from outside: variables, files, programs, the clock, randomness and the network.
package struct AWSEnvironment: Sendable {
    /// Environment variables.
    package var variables: [String: String]
    package var now: @Sendable () -> Date
    package var sleep: @Sendable (Duration) async throws(CancellationError) -> Void
    /// A number from 0 up to 1.
    package var random: @Sendable () -> Double
    package var transport: any HTTPTransport
    package var files: any FileAccess
    /// Runs a `credential_process`.
    package var run: @Sendable (_ command: [String], _ timeout: Duration) async throws(AWSError) -> [UInt8]
    package var logger: Logger

    package init(
        variables: [String: String], transport: any HTTPTransport, files: any FileAccess = LocalFiles(),
        logger: Logger = Logger(label: "aws", factory: { _ in SwiftLogNoOpLogHandler() }),
        now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws(CancellationError) -> Void = Self.sleep,
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        run: @escaping @Sendable (_ command: [String], _ timeout: Duration) async throws(AWSError) -> [UInt8] =
            CredentialProcess.run
    ) {
        self.variables = variables
        self.transport = transport
        self.files = files
        self.logger = logger
        self.now = now
        self.sleep = sleep
        self.random = random
        self.run = run
    }

    /// The value of a variable that is set and not empty.
    func variable(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// The folder of the files below `~`.
    var home: String { variable("HOME") ?? NSHomeDirectory() }

    /// Sleeps on the monotonic clock.
    package static let sleep: @Sendable (Duration) async throws(CancellationError) -> Void = {
        duration async throws(CancellationError) in
        do { try await Task.sleep(for: duration, clock: .continuous) } catch { throw CancellationError() }
    }
}

/// Reads and replaces small files.
package protocol FileAccess: Sendable {
    /// The file's bytes; `nil` when there is none.
    ///
    /// - Throws: `configuration` when the file is larger than `limit` bytes or cannot be read.
    func read(_ path: String, limit: Int) throws(AWSError) -> [UInt8]?
    /// Replaces a file in one step, mode 0600.
    func replace(_ path: String, with bytes: [UInt8]) throws(AWSError)
}

/// The files of this machine.
package struct LocalFiles: FileAccess {
    package init() {}

    package func read(_ path: String, limit: Int) throws(AWSError) -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw AWSError(.configuration, "cannot read \(path): check its owner and mode")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: limit + 1) else { return [] }
        guard data.count <= limit else {
            throw AWSError(.configuration, "\(path) is larger than \(limit) bytes: check that it is the right file")
        }
        return Array(data)
    }

    package func replace(_ path: String, with bytes: [UInt8]) throws(AWSError) {
        let fresh = "\(path).\(UUID().uuidString)"
        guard
            FileManager.default.createFile(
                atPath: fresh, contents: Data(bytes), attributes: [.posixPermissions: 0o600]),
            rename(fresh, path) == 0
        else {
            try? FileManager.default.removeItem(atPath: fresh)
            throw AWSError(.configuration, "cannot write \(path): check its folder's owner, mode and free space")
        }
    }
}
