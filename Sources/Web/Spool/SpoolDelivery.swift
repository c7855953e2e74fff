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
            if backend.reach.isCutOff {
                try await Blocking.run { [store] in try store.probeCommit() }
                // What comes from now on need not wait for all that waits.
                backend.reach.note(isCutOff: false)
            }
            while !Task.isCancelled, let (number, lines) = try spool.first() {
                delivered += try await deliver(lines)
                try spool.remove(number)
            }
        } catch is CancellationError {
            return
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
        var rest = lines[...]
        while !rest.isEmpty {
            let (items, count) = try await Blocking.run { [rest] in try self.items(Array(rest)) }
            // A damaged line, and one of a token that the store does not know, has no item.
            aside += zip(rest, items).filter { $1 == nil }.map(\.0)
            var (batch, databases) = ([Item](), 0)
            for item in items.compactMap({ $0 }) {
                if databases + item.report.databases > IngestBatch.databases, !batch.isEmpty {
                    aside += try await store(batch)
                    (batch, databases) = ([], 0)
                }
                batch.append(item)
                databases += item.report.databases
            }
            aside += try await store(batch)
            delivered += count
            rest = rest.dropFirst(count)
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

    /// Bytes of JSON that are in memory at a time.
    private static let partBytes = 32 << 20

    /// The reports of the first lines as their senders may report them now, and how many lines these are; nil for a
    /// line that is damaged, or whose token the store does not know.
    private func items(_ lines: [[UInt8]]) throws -> ([Item?], count: Int) {
        var entries: [(spooled: SpooledReport, entry: ReportFile.Entry)?] = []
        var bytes = 0
        for line in lines.prefix(IngestBatch.reports) where bytes < Self.partBytes {
            let spooled = SpooledReport(line: line)
            let entry = spooled.map { ReportFile.Entry(packed: Array($0.body), extent: store.catalog.extent) }
            bytes += entry?.bytes ?? 0
            guard let spooled, let entry, (try? entry.json.get()) != nil else {
                entries.append(nil)
                continue
            }
            entries.append((spooled, entry))
        }
        var items = [Item?](repeating: nil, count: entries.count)
        // The store is asked once for all reports of a sender.
        for sender in Set(entries.compactMap { $0?.spooled.sender }) {
            guard let token = try store.token(sender)?.token else { continue }
            let places = entries.indices.filter { entries[$0]?.spooled.sender == sender }
            let reports: [IncomingReport]
            if token.revokedAt != nil {
                let refusal = Refusal(
                    .revokedToken, "the token was revoked while the report waited in a collector's spool")
                reports = places.map {
                    IncomingReport(refused: refusal, packed: Array(entries[$0]?.spooled.body ?? Data()))
                }
            } else {
                reports = try IncomingReport.all(
                    places.compactMap { entries[$0]?.entry }, sender: sender, bounds: token.bounds,
                    catalog: store.catalog
                ) { try store.digests(of: $0) }
            }
            for (place, report) in zip(places, reports) {
                items[place] = Item(line: lines[place], sender: sender, report: report)
            }
        }
        return (items, entries.count)
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
            for result in results { backend.metrics.spool.delivered.add([("outcome", result.outcome)]) }
            return []
        } catch let error as StoreError where error.code == .contradiction {
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
