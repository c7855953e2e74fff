import Foundation
import Inventory

/// Makes runs of discovery from what was asked for and from the settings.
package enum JobMaker {
    /// A run, with an id such as `job-20261129-173000-k3f9x2`, which sorts by time.
    ///
    /// - Throws: `StoreError`: `badRequest` for an invalid request, `conflict` for settings that cannot work.
    package static func job(
        _ request: ScanRequest, _ settings: DiscoverySettings, origin: String, requestedBy: String,
        traceparent: String? = nil, idempotencyKey: String? = nil, now: Date
    ) throws -> NewJob {
        if let invalid = request.invalid { throw StoreError(.badRequest, invalid) }
        guard settings.roleName != nil || request.accounts.isEmpty else {
            throw StoreError(
                .badRequest,
                "an account cannot be chosen without a role, because only the caller's own account can be scanned: set "
                    + "discovery.role_name, or name no account")
        }
        // Without it every host would fail, one after the other.
        guard settings.agent.delivery != .presigned || settings.agent.bucket != nil else {
            throw StoreError(
                .conflict,
                "discovery.agent_bucket is not set: name the bucket with the agents, there or in DBCENSUS_DISCOVERY_AGENT_BUCKET, or set discovery.delivery to s3 or https"
            )
        }
        return NewJob(
            id: id(now), origin: origin, requestedBy: requestedBy, request: request, settings: try settings.text(),
            document: settings.document.key, traceparent: traceparent.flatMap(Self.traceparent),
            idempotencyKey: idempotencyKey)
    }

    private static func id(_ now: Date) -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        let random = String((0..<6).map { _ in letters[Int.random(in: 0..<letters.count)] })
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: now)
        func two(_ number: Int?) -> String { String(format: "%02d", number ?? 0) }
        let date = "\(parts.year ?? 0)\(two(parts.month))\(two(parts.day))"
        return "job-\(date)-\(two(parts.hour))\(two(parts.minute))\(two(parts.second))-\(random)"
    }

    /// A W3C trace context of version 00; nil for any other text.
    package static func traceparent(_ text: String) -> String? {
        text.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/) == nil ? nil : text
    }
}
