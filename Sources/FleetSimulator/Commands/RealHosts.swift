import Foundation

/// Hosts on which the document's own shell runs, with the agent that it verifies.
///
/// Each is this machine with a /var/lib of its own.
struct RealHosts: Sendable {
    /// The instances with a lower number are real.
    var count: Int
    /// The folder with `dbcensus-agent-<version>-linux-<architecture>.gz`: what aws:downloadContent would bring.
    var agents: String
    /// Where the hosts have their folders.
    var folder: String
    /// A program that runs a document as the SSM agent does; nil runs its shell alone.
    var runner: String?

    func takes(_ instance: Instance, _ document: Document) -> Bool {
        instance.number < count && instance.kind == .managed && document.steps.contains { $0.shell != "" }
    }

    /// Runs the steps as the SSM agent does: the status of the first that fails, and what each printed.
    func run(_ command: CommandBook.Command, on instance: Instance) async -> (code: Int, outputs: [String]) {
        if let runner, let path = command.document.path {
            do { return try await Self.run(runner, path, command) } catch {
                return (-1, ["fleet-simulator: cannot run \(runner): \(error)\n"])
            }
        }
        do {
            let root = "\(folder)/\(instance.id)"
            let place = "\(root)/\(command.id)"
            for name in ["lib", command.id] { try make("\(root)/\(name)") }
            if command.values["fetch"] == "yes" {
                try make("\(place)/downloads")
                try make("\(place)/awsdownloadContent")
                if let file = try FileManager.default.contentsOfDirectory(atPath: agents).first(where: {
                    $0.hasSuffix("-linux-\(Self.machine).gz")
                }) {
                    try FileManager.default.copyItem(
                        atPath: "\(agents)/\(file)", toPath: "\(place)/downloads/dbcensus-agent.gz")
                }
            }
            var code = 0
            var outputs: [String] = []
            for step in command.document.steps {
                try make("\(place)/\(step.name)")
                let script = "\(place)/\(step.name)/_script.sh"
                try step.shell.write(toFile: script, atomically: false, encoding: .utf8)
                let (status, output) = try await Self.sh(
                    "mount --bind \"$1\" /var/lib && exec sh \"$2\"", ["\(root)/lib", script])
                if code == 0 { code = status }
                outputs.append(output)
            }
            try? FileManager.default.removeItem(atPath: place)
            return (code, outputs)
        } catch { return (-1, ["fleet-simulator: cannot run the document: \(error)\n"]) }
    }

    private struct Answer: Decodable {
        struct Step: Decodable {
            var code: Int?
            var stdout: String?
        }
        var steps: [String: Step]
    }

    /// `RUNNER DOCUMENT PARAMETERS` prints `{"steps": {NAME: {"code": …, "stdout": …}}}`.
    private static func run(
        _ runner: String, _ path: String, _ command: CommandBook.Command
    ) async throws -> (code: Int, outputs: [String]) {
        let parameters = String(decoding: try JSONEncoder().encode(command.values), as: UTF8.self)
        let (_, output) = try await sh("exec \"$@\"", [runner, path, parameters])
        let answer = try JSONDecoder().decode(Answer.self, from: Data(output.utf8))
        let steps = command.document.steps.map { answer.steps[$0.name] }
        return (steps.lazy.compactMap { $0?.code }.first { $0 != 0 } ?? 0, steps.map { $0?.stdout ?? "" })
    }

    private func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    #if arch(x86_64)
        private static let machine = "x86_64"
    #else
        private static let machine = "aarch64"
    #endif

    /// Runs a script in mounts of its own.
    private static func sh(_ script: String, _ arguments: [String]) async throws -> (status: Int, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["unshare", "--mount", "sh", "-c", script, "sh"] + arguments
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { done in
            do { try process.run() } catch {
                done.resume(throwing: error)
                return
            }
            Thread.detachNewThread {
                let output = pipe.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                done.resume(returning: (Int(process.terminationStatus), String(decoding: output, as: UTF8.self)))
            }
        }
    }
}
