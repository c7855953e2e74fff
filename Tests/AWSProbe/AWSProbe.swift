import AWSClient
import Foundation
import Logging

/// `AWSProbe COMMAND ARGUMENT…`: AWSClient on a command line, for tests with other people's servers and clients.
///
/// Prints one JSON object: `{"result": …}` or `{"error": {kind, message, code, request, action, attempts}}`.
@main
struct AWSProbe {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let variables = ProcessInfo.processInfo.environment
        var logger = Logger(label: "probe") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = variables["PROBE_LOG"] == nil ? .critical : .debug
        do throws(AWSError) {
            let session = try await AWSSession(variables: variables, logger: logger)
            let result: any Encodable & Sendable
            do throws(AWSError) {
                result = try await Command(session: session, arguments: arguments).run()
            } catch {
                await session.close()
                throw error
            }
            await session.close()
            print(["result": result])
        } catch {
            let fields = [
                "kind": error.kind.rawValue, "message": error.description, "code": error.code ?? "",
                "request": error.requestID ?? "", "action": error.action ?? "", "attempts": "\(error.attempts)",
            ]
            print(["error": fields])
            exit(1)
        }
    }

    private static func print(_ value: [String: any Encodable & Sendable]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let data = (try? encoder.encode(value.mapValues(Erased.init))) ?? Data()
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    private struct Erased: Encodable {
        let value: any Encodable & Sendable
        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }
}
