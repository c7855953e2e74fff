import AWSClient
import Foundation

/// Many calls of one action, so many at a time, for the benchmark.
struct Load {
    let client: AWSClient
    let count: Int
    let width: Int

    /// - Returns: calls a second, processor seconds and the peak of resident memory in MiB.
    func run(_ action: String) async throws(AWSError) -> [String: Double] {
        let start = ContinuousClock.now
        let failures = await withTaskGroup(of: [AWSError].self) { group in
            for worker in 0..<width {
                group.addTask {
                    var errors: [AWSError] = []
                    for _ in 0..<(count / width + (worker < count % width ? 1 : 0)) {
                        do throws(AWSError) { try await once(action) } catch { errors.append(error) }
                    }
                    return errors
                }
            }
            var all: [AWSError] = []
            for await errors in group { all += errors }
            return all
        }
        if let first = failures.first { throw first }
        let took = ContinuousClock.now - start
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let processor =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        return [
            "calls_per_second": Double(count) / (took / .seconds(1)), "processor_seconds": processor,
            "peak_mib": Double(usage.ru_maxrss) / 1024,
        ]
    }

    private func once(_ action: String) async throws(AWSError) {
        switch action {
        case "whoami": _ = try await client.send(STS.GetCallerIdentity())
        case "nodes": _ = try await client.send(SSM.DescribeInstanceInformation())
        case "instances": _ = try await client.send(EC2.DescribeInstances())
        default: throw AWSError(.invalid, "unknown action \(action)")
        }
    }
}
