import Foundation

/// A simulator that runs as long as the demo.
final class SimulatedFleet {
    /// The first instance: the one that can be this machine.
    let firstHost: String?
    private let process = Process()
    /// The simulator ends when this end is gone, also when this process is killed.
    private let life = Pipe()

    /// Starts it, and points this process to it instead of to AWS.
    init(program: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: program)
        process.arguments = arguments + ["--port", "0", "--rate", "50", "--burst", "200", "--until-input-ends"]
        process.standardInput = life
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        struct First: Decodable {
            var url: String
            var access_key_id: String
            var secret_access_key: String
            var first_instance: String?
        }
        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try pipe.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        guard let first = try? JSONDecoder().decode(First.self, from: line) else {
            throw CollectorError(exitCode: .unavailable, message: "\(program) did not start")
        }
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("AWS_") { unsetenv(name) }
        for (name, value) in [
            ("AWS_ENDPOINT_URL", first.url), ("AWS_ACCESS_KEY_ID", first.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", first.secret_access_key), ("AWS_REGION", "eu-west-1"),
            // Presigned URLs are made without a call; the document takes those of AWS.
            ("AWS_ENDPOINT_URL_S3", "https://s3.eu-west-1.amazonaws.com"), ("AWS_EC2_METADATA_DISABLED", "true"),
        ] { setenv(name, value, 1) }
        firstHost = first.first_instance
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
