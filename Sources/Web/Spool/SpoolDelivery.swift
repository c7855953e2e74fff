import Foundation
import Inventory
import Logging
import Report
import ServiceLifecycle

/// Brings the reports of a spool to the store, the first one first, as soon as it can be reached.
///
/// A file is removed when all of its reports are in the store. A program that ends in between sends some again, and
/// the store knows them.
public struct SpoolDelivery: Service {
    private let spool: Spool
    private let store: any WebStore
    private let backend: Backend

    /// - Returns: nil without a spool.
    public init?(_ backend: Backend) {
        guard let spool = backend.spool else { return nil }
        (self.spool, store, self.backend) = (spool, backend.store, backend)
    }

    /// Time between two attempts.
    private static let pause = Duration.seconds(1)
    /// Counted against a sender's quota, which does not refuse them: they were accepted.
    private static let quota = SenderQuota(rows: .max - 1, bytes: .max - 1, hosts: .max - 1)

    /// Delivers until the collector stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.pause)
                await deliverAll()
            }
        }
    }

    /// Delivers what waits; returns when nothing does, or the store cannot take it now.
    private func deliverAll() async {
        guard spool.depth.reports > 0 || backend.reach.isCutOff else { return }
        var delivered = 0
        do {
            while !Task.isCancelled, let (number, lines) = try spool.first() {
                delivered += try await deliver(lines)
                try spool.remove(number)
            }
            if backend.reach.isCutOff {
                try await Blocking.run { [store] in try store.probeCommit() }
                backend.reach.note(isCutOff: false)
            }
        } catch let error as StoreError where error.code == .unreachable {
            backend.reach.note(isCutOff: true, error.message)
        } catch {
            backend.logger.error("cannot deliver the spool; trying again", metadata: ["error": "\(error)"])
        }
        guard delivered > 0 else { return }
        backend.logger.notice(
            "delivered spooled reports",
            metadata: ["reports": .stringConvertible(delivered), "left": .stringConvertible(spool.depth.reports)])
    }

    /// Stores the reports of lines.
    ///
    /// - Returns: how many reached the store.
    private func deliver(_ lines: [[UInt8]]) async throws -> Int {
        var (delivered, aside) = (0, [[UInt8]]())
        for start in stride(from: 0, to: lines.count, by: IngestBatch.reports) {
            let part = Array(lines[start..<min(start + IngestBatch.reports, lines.count)])
            let items = try await Blocking.run { try self.items(part) }
            // A damaged line has no item.
            aside += zip(part, items).filter { $1 == nil }.map(\.0)
            var batch: [Item] = []
            for item in items.compactMap({ $0 }) {
                let databases = batch.reduce(item.report.databases) { $0 + $1.report.databases }
                if databases > IngestBatch.databases, !batch.isEmpty {
                    aside += try await store(batch)
                    batch = []
                }
                batch.append(item)
            }
            aside += try await store(batch)
            delivered += part.count
        }
        guard !aside.isEmpty else { return delivered }
        try spool.setAside(aside)
        backend.metrics.spool.refused.add(by: Double(aside.count))
        backend.logger.error(
            "spooled reports cannot be stored: they are kept in the spool's folder",
            metadata: ["reports": .stringConvertible(aside.count), "file": "\(spool.path)/\(SpoolFolder.aside)"])
        return delivered - aside.count
    }

    private struct Item: Sendable {
        var line: [UInt8]
        var sender: String
        var report: IncomingReport
    }

    /// The reports of lines as their senders may report them now; nil for a line that is damaged.
    private func items(_ lines: [[UInt8]]) throws -> [Item?] {
        var items = [Item?](repeating: nil, count: lines.count)
        let spooled = lines.map { SpooledReport(line: $0) }
        // The store is asked once for all reports of a sender.
        for sender in Set(spooled.compactMap { $0?.sender }) {
            let token = try store.token(sender)?.token
            let places = spooled.indices.filter { spooled[$0]?.sender == sender }
            var known: [(place: Int, entry: ReportFile.Entry)] = []
            for place in places {
                let packed = Array(spooled[place]?.body ?? Data())
                let entry = ReportFile.Entry(packed: packed, extent: store.catalog.extent)
                guard (try? entry.json.get()) != nil else { continue }
                guard token == nil || token?.revokedAt != nil else {
                    known.append((place, entry))
                    continue
                }
                let refusal = Refusal(
                    .revokedToken, "the token was revoked while the report waited in a collector's spool")
                items[place] = Item(
                    line: lines[place], sender: sender, report: IncomingReport(refused: refusal, packed: packed))
            }
            let reports = try IncomingReport.all(
                known.map(\.entry), sender: sender, bounds: token?.bounds ?? Bounds(), catalog: store.catalog
            ) { try store.digests(of: $0) }
            for ((place, _), report) in zip(known, reports) {
                items[place] = Item(line: lines[place], sender: sender, report: report)
            }
        }
        return items
    }

    /// Stores reports.
    ///
    /// - Returns: the lines of those that the store takes in no way.
    private func store(_ items: [Item]) async throws -> [[UInt8]] {
        guard !items.isEmpty else { return [] }
        do {
            let results = try await Blocking.run { [store] in
                try store.take(items.map { ([$0.report], $0.sender) }, quota: Self.quota).map { $0[0] }
            }
            // What comes from now on need not wait for all that waits.
            backend.reach.note(isCutOff: false)
            for result in results { backend.metrics.spool.delivered.add([("outcome", result.outcome)]) }
            return []
        } catch let error as StoreError where [.unreachable, .full, .newerSchema].contains(error.code) {
            throw error
        } catch {
            guard items.count > 1 else {
                backend.logger.error("a spooled report cannot be stored", metadata: ["error": "\(error)"])
                return items.map(\.line)
            }
            var refused: [[UInt8]] = []
            for item in items { refused += try await store([item]) }
            return refused
        }
    }
}
