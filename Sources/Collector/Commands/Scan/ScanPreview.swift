import AWSClient
import Fleet
import Foundation
import Inventory
import Terminal

/// `scan --dry-run`: what would be sent to whom, and with which permissions.
struct ScanPreview {
    let configuration: Configuration.Discovery
    let profile: String?
    let request: ScanRequest

    func run(_ format: ScanCommand.Format) async throws {
        let region = request.regions.count == 1 && !request.regions[0].contains("*") ? request.regions[0] : nil
        let preview: Preview
        do {
            preview = try await TemporaryDiscovery.with(configuration, profile: profile, region: region) {
                try await $0.preview(configuration.settings, request)
            }
        } catch let error as AWSError { throw CollectorError(exitCode: .noRun, message: "\(error)") }
        guard format == .text else { return try Output.print(try JSONText.of(preview)) }
        try Output.print(Self.text(preview).joined(separator: "\n") + "\n")
    }

    private static func text(_ preview: Preview) -> [String] {
        var lines = ["Identity:   \(PlainText.neutralised(preview.identity))"]
        lines.append("Role:       \(preview.role ?? "none: the caller's own credentials")")
        let hash = preview.document_hash.map { "SHA-256 \($0)" } ?? "any hash: set discovery.document_hash"
        lines.append("Document:   version \(preview.document_version), \(hash)")
        lines.append("")
        var table = Table([
            .init("ACCOUNT"), .init("REGION"), .init("CODE"), .init("ASKED", right: true),
            .init("COMMANDS", right: true),
            .init("NOT ASKED", fit: .cutEnd),
        ])
        for scope in preview.scopes where scope.code != .ok || !scope.instances.isEmpty || !scope.others.isEmpty {
            let others = scope.others.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            table.add([
                scope.account_id, scope.region, scope.code.rawValue, "\(scope.instances.count)", "\(scope.commands)",
                scope.detail ?? others,
            ])
        }
        lines += table.lines(width: Talk.width(default: 160))
        let hosts = preview.scopes.reduce(0) { $0 + $1.instances.count }
        let commands = preview.scopes.reduce(0) { $0 + $1.commands }
        lines.append("")
        lines.append("A run would send \(commands) commands to \(hosts) hosts. Nothing was sent.")
        lines.append("")
        lines.append("Permissions that a run needs:")
        for (action, roles) in preview.permissions.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(action) (\(preview.role == nil ? "you" : roles.joined(separator: ", ")))")
        }
        return lines
    }
}
