import AWSClient
import Foundation
import Inventory

/// How an invocation ended, as far as AWS's words and the document's exit codes say it.
enum InvocationOutcome: Equatable {
    /// It goes on.
    case open
    /// It ended with a reason; it may be asked once more.
    case ended(Reason, detail: String?, again: HostResult.Again?)
    /// It printed what has to be a report.
    case printed

    /// What the document's exit codes mean. docs/operate/ssm-document.md has the same table.
    static let exitCodes: [Int: String] = [
        41: "not_root", 42: "unsupported_architecture", 43: "wrong_architecture", 44: "sha256sum_missing",
        45: "gzip_missing", 46: "unsafe_directory", 47: "read_only", 48: "disk_full", 49: "not_writable",
        50: "agent_missing", 51: "kept_agent_changed", 52: "download_failed", 53: "hash_mismatch", 54: "noexec",
        55: "timed_out", 56: "agent_killed", 57: "agent_failed",
    ]
    /// How often a host is asked when a command does not reach it.
    private static let attempts = 2

    /// - Parameters:
    ///   - batch: what the host was sent.
    ///   - attempt: how often the host was asked, this time included.
    static func of(_ invocation: SSM.Invocation, _ batch: Batch, attempt: Int) -> InvocationOutcome {
        // AWS writes "Delivery Timed Out" and "DeliveryTimedOut".
        let details = (invocation.statusDetails ?? invocation.status).replacing(" ", with: "").lowercased()
        func unreached(_ detail: String) -> InvocationOutcome {
            .ended(
                .undeliverable, detail: detail,
                again: attempt < attempts ? HostResult.Again(fetches: batch.fetches) : nil)
        }
        switch details {
        case "deliverytimedout": return unreached("delivery_timed_out")
        case "undeliverable": return unreached("undeliverable")
        case "terminated": return unreached("command_terminated")
        case "executiontimedout": return .ended(.timedOut, detail: "execution_timed_out", again: nil)
        case "invalidplatform": return .ended(.unsupportedPlatform, detail: "invalid_platform", again: nil)
        case "accessdenied": return .ended(.accessDenied, detail: "access_denied", again: nil)
        default: break
        }
        switch invocation.status.replacing(" ", with: "").lowercased() {
        case "success": return .printed
        case "cancelled": return .ended(.cancelled, detail: nil, again: nil)
        case "timedout": return .ended(.timedOut, detail: "timed_out", again: nil)
        case "failed": return failed(invocation, batch, attempt)
        default: return .open
        }
    }

    private static func failed(_ invocation: SSM.Invocation, _ batch: Batch, _ attempt: Int) -> InvocationOutcome {
        let codes = (invocation.commandPlugins ?? []).filter { isOutput($0.name) }.compactMap(\.responseCode)
        guard let code = codes.first(where: { $0 != 0 }) else {
            return .ended(.failed, detail: "no_exit_code", again: nil)
        }
        let detail = exitCodes[code] ?? "exit_\(code)"
        switch detail {
        case "agent_missing", "kept_agent_changed":
            return .ended(
                .failed, detail: detail, again: batch.fetches ? nil : HostResult.Again(fetches: true))
        case "wrong_architecture":
            let other = batch.architecture == "aarch64" ? "x86_64" : "aarch64"
            return .ended(
                .failed, detail: detail,
                again: attempt < attempts ? HostResult.Again(fetches: true, architecture: other) : nil)
        case "unsupported_architecture": return .ended(.unsupportedPlatform, detail: detail, again: nil)
        case "timed_out": return .ended(.timedOut, detail: "agent_timed_out", again: nil)
        default: return .ended(.failed, detail: detail, again: nil)
        }
    }

    /// Whether a step of the document prints the report, or a part of it.
    static func isOutput(_ step: String) -> Bool { step == "scan" || step.hasPrefix("output-") }
}
