import AWSClient
import Inventory

/// Lists the instances and the managed nodes of an account and region.
struct HostLister {
    let client: AWSClient
    let request: ScanRequest

    /// Values of one filter at most.
    private static let filterLimit = 50

    /// Whether it lists everything: only then is an instance that is not listed gone.
    var isComplete: Bool { request.instances.isEmpty }

    private var chunks: [[String]] {
        stride(from: 0, to: request.instances.count, by: Self.filterLimit).map {
            Array(request.instances[$0..<min(request.instances.count, $0 + Self.filterLimit)])
        }
    }

    /// The managed nodes by their ids.
    func nodes() async throws(AWSError) -> [String: SSM.DescribeInstanceInformation.Node] {
        var nodes: [SSM.DescribeInstanceInformation.Node] = []
        if isComplete {
            nodes = try await client.all(SSM.DescribeInstanceInformation())
        } else {
            for chunk in chunks {
                nodes += try await client.all(
                    SSM.DescribeInstanceInformation(filters: [SSM.Filter("InstanceIds", chunk)]))
            }
        }
        return Dictionary(nodes.map { ($0.instanceId, $0) }) { $1 }
    }

    /// Gives each page of instances to `body`.
    func instances(_ body: ([EC2.Instance]) async throws -> Void) async throws {
        guard !isComplete else {
            for try await page in client.pages(EC2.DescribeInstances()) { try await body(page.instances) }
            return
        }
        for chunk in chunks {
            let ids = chunk.filter { $0.hasPrefix("i-") }
            guard !ids.isEmpty else { continue }
            // As a filter: an id of another region is no error.
            let filter = QueryParameters.Filter("instance-id", ids)
            for try await page in client.pages(EC2.DescribeInstances(filters: [filter])) {
                try await body(page.instances)
            }
        }
    }
}
