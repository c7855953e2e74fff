import Foundation
import Inventory
import Report

/// A run in a collector over HTTP.
struct RemoteScan: ScanSource {
    let server: Remote
    let mustWait = false

    private struct Begun: Decodable { var id: String }
    private struct Detail: Decodable { var progress: JobProgress }

    func begin(_ request: ScanRequest) async throws -> String {
        // The same key when an answer is lost: one run, not two.
        let body = try await server.post("scans", request, headers: [("Idempotency-Key", UUID().uuidString)])
        guard let begun = try? JSONDecoder().decode(Begun.self, from: body) else {
            throw CollectorError(
                exitCode: .unavailable,
                message: "cannot begin the run: the answer is not that of a dbcensus collector. Check --server")
        }
        return begun.id
    }

    func progress(_ id: String) async throws -> JobProgress? {
        let detail: Detail = try await server.get("jobs/\(id)", [], list: nil)
        return detail.progress
    }

    func work(_ id: String) async throws {}

    func reattach(_ id: String) -> String {
        var words = ["dbcensus-collector", "scan", "--attach", id, "--server", server.base, "--token-file", "FILE"]
        if let file = server.caFile { words += ["--ca-file", file] }
        return words.map(ConfigurationOptions.quoted).joined(separator: " ")
    }

    func close() async {}
}
