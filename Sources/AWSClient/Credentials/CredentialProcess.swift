import Foundation
import NIOConcurrencyHelpers

/// `credential_process`: a program that the operator named prints credentials as JSON.
///
/// Format: "Source credentials with an external process in the AWS CLI".
struct ProcessCredentials: CredentialsProvider {
    static let timeout: Duration = .seconds(60)

    let command: String
    let profile: String
    let environment: AWSEnvironment

    func credentials() async throws(AWSError) -> AWSCredentials {
        let output = try await environment.run(try CredentialProcess.words(command), Self.timeout)
        struct Answer: Decodable {
            var Version: Int
            var AccessKeyId: String
            var SecretAccessKey: String
            var SessionToken: String?
            var Expiration: String?
            var AccountId: String?
        }
        let name = "credential_process of the profile \(profile)"
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output)) else {
            throw AWSError(
                .credentials, "\(name) printed no JSON with Version, AccessKeyId and SecretAccessKey: run it by hand")
        }
        guard answer.Version == 1 else {
            throw AWSError(.credentials, "\(name) printed Version \(answer.Version), but only 1 is known")
        }
        var expiration: Date?
        if let text = answer.Expiration {
            guard let date = AWSDate.parse(text) else {
                throw AWSError(.credentials, "\(name) printed an Expiration that is no ISO 8601 time")
            }
            expiration = date
        }
        if let expiration, expiration <= environment.now() {
            throw AWSError(.credentials, "\(name) printed credentials that are already expired: sign in again")
        }
        return AWSCredentials(
            accessKeyID: answer.AccessKeyId, secretAccessKey: answer.SecretAccessKey, sessionToken: answer.SessionToken,
            expiration: expiration, account: answer.AccountId, source: name)
    }
}

/// Runs the program of a `credential_process`, without a shell.
package enum CredentialProcess {
    static let outputLimit = 64 << 10

    /// A command line in words, with quotes and backslashes as a POSIX shell reads them.
    static func words(_ line: String) throws(AWSError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            switch (quote, character) {
            case (nil, " "), (nil, "\t"):
                if let done = word { words.append(done) }
                word = nil
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (let open?, _) where open == character: quote = nil
            case (nil, "\\"), ("\"", "\\"):
                guard let next = characters.next() else { break }
                if quote != nil, next != "\"", next != "\\" { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(next)
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        guard quote == nil, !words.isEmpty else {
            throw AWSError(.configuration, "credential_process is empty, or a quote in it is not closed")
        }
        return words
    }

    /// The program's output; it is killed with its children after `timeout`.
    package static let run: @Sendable ([String], Duration) async throws(AWSError) -> [UInt8] = {
        words, timeout async throws(AWSError) in
        let process = Process()
        // env(1) looks the program up in PATH, as a shell would.
        process.executableURL = URL(filePath: words[0].contains("/") ? words[0] : "/usr/bin/env")
        process.arguments = words[0].contains("/") ? Array(words.dropFirst()) : words
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        let result = Result { try process.run() }
        guard case .success = result else {
            throw AWSError(.credentials, "cannot run the credential_process \(words[0]): check its path and mode")
        }
        let isLate = NIOLockedValueBox(false)
        let end = DispatchSemaphore(value: 0)
        let seconds = timeout / .seconds(1)
        // A thread of its own: tasks may all be busy for longer.
        Thread.detachNewThread {
            guard end.wait(timeout: .now() + seconds) == .timedOut else { return }
            isLate.withLockedValue { $0 = true }
            // Process gives its program a process group: children that hold the pipe open end with it.
            kill(-process.processIdentifier, SIGTERM)
            guard end.wait(timeout: .now() + 1) == .timedOut else { return }
            kill(-process.processIdentifier, SIGKILL)
        }
        let bytes = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let data = (try? output.fileHandleForReading.read(upToCount: outputLimit + 1)) ?? Data()
                try? output.fileHandleForReading.close()
                process.waitUntilExit()
                end.signal()
                continuation.resume(returning: Array(data))
            }
        }
        guard !isLate.withLockedValue({ $0 }) else {
            throw AWSError(.credentials, "the credential_process \(words[0]) did not end in \(timeout): run it by hand")
        }
        guard bytes.count <= outputLimit else {
            throw AWSError(.credentials, "the credential_process \(words[0]) printed more than \(outputLimit) bytes")
        }
        guard process.terminationStatus == 0 else {
            throw AWSError(
                .credentials,
                "the credential_process \(words[0]) failed with status \(process.terminationStatus): run it by hand")
        }
        return bytes
    }
}
