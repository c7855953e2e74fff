/// A run in full.
public struct JobDetail: Encodable, Sendable {
    /// Its row.
    public var job: ListRow
    /// What it looks at.
    public var request: ScanRequest
    /// How far it is.
    public var progress: JobProgress
}

extension DiscoveryQueue where Self: InventoryLists {
    /// A run in full; nil when there is none.
    public func fullJob(_ id: String) throws -> JobDetail? {
        guard let job = try job(id), let progress = try progress(id) else { return nil }
        var request = ListRequest()
        request.require("id", id)
        guard let row = try page(catalog.jobs, request).items.first else { return nil }
        return JobDetail(job: row, request: job.request, progress: progress)
    }
}
