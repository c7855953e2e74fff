import Foundation
import Inventory
import Report

/// The metrics of discovery.
struct DiscoveryMetrics: Sendable {
    private let runs: Counter
    private let results: Counter
    private let tasks: Gauge
    private let ready: Gauge
    private let oldest: Gauge
    private let workers: Gauge
    private let collectors: Gauge
    private let processes: Gauge
    private let perWorker: Gauge
    private let hosts: Gauge
    private let scopes: Gauge
    private let failedPercent: Gauge
    private let failedScopes: Gauge
    private let overdue: Gauge
    private let commands: Counter
    private let polls: Counter
    private let longOutputs: Counter
    private let phases: Counter
    private let calls: Counter
    private let callSeconds: Counter
    private let lastRun: Gauge
    private let nextRun: Gauge

    init(_ registry: MetricsRegistry) {
        runs = registry.counter("dbcensus_runs_total", "Runs of discovery that ended, by their end.")
        results = registry.counter("dbcensus_run_hosts_total", "Hosts of runs, by reason.")
        tasks = registry.gauge("dbcensus_tasks", "Tasks of runs that have not ended, by state.")
        ready = registry.gauge("dbcensus_tasks_ready", "Tasks that wait for a worker.")
        oldest = registry.gauge(
            "dbcensus_oldest_task_seconds", "Seconds that the task that is due first has waited.", unit: .seconds)
        workers = registry.gauge("dbcensus_workers", "Workers that have a task now.")
        collectors = registry.gauge(
            "dbcensus_collectors", "Processes that work on the store, by what they do; absent for a store in a file.")
        processes = registry.gauge(
            "dbcensus_worker_processes",
            "Processes that take tasks of discovery, on all machines; absent for a store in a file.")
        perWorker = registry.gauge(
            "dbcensus_tasks_per_worker",
            """
            Tasks that wait or are worked on, for each process that takes tasks; all of them when there is none. Absent \
            for a store in a file.
            """)
        hosts = registry.gauge("dbcensus_coverage_hosts", "Instances, by how the last run ended for them.")
        scopes = registry.gauge("dbcensus_coverage_scopes", "Accounts and regions, by how they were last listed.")
        failedPercent = registry.gauge(
            "dbcensus_failed_hosts_percent",
            "Hosts that were asked in the last run and did not report, in percent; absent when none was asked.",
            unit: .percent)
        failedScopes = registry.gauge(
            "dbcensus_failed_scopes", "Accounts and regions that could not be listed in the last run.")
        overdue = registry.gauge(
            "dbcensus_run_overdue",
            "1 when two scheduled runs were due and none completed, otherwise 0; absent without a schedule.")
        commands = registry.counter("dbcensus_commands_total", "Commands sent by SSM.")
        polls = registry.counter("dbcensus_command_polls_total", "Reads of the state of a command.")
        longOutputs = registry.counter("dbcensus_long_outputs_total", "Outputs that were read by a call of their own.")
        phases = registry.counter(
            "dbcensus_phase_seconds_total", "Seconds of workers in each phase of tasks.", unit: .seconds)
        calls = registry.counter(
            "dbcensus_aws_calls_total", "Attempts of calls to AWS, by action and outcome; throttled is one of them.")
        callSeconds = registry.counter(
            "dbcensus_aws_call_seconds_total", "Seconds that calls to AWS took, by action.", unit: .seconds)
        lastRun = registry.gauge(
            "dbcensus_last_completed_run_seconds", "Seconds since a run last completed; absent when none did.",
            unit: .seconds)
        nextRun = registry.gauge(
            "dbcensus_next_run_seconds", "Seconds until the schedule begins the next run; absent without a schedule.",
            unit: .seconds)
    }

    func sample(_ store: any WebStore, _ control: (any DiscoveryControl)?, now: Date) throws {
        let depth = try store.depth(now: now)
        tasks.reset()
        for (state, count) in depth.states { tasks.set(Double(count), [("state", state)]) }
        ready.set(Double(depth.ready))
        oldest.set(depth.oldest.flatMap(Timestamp.parse).map { max(0, now.timeIntervalSince($0)) } ?? 0)
        collectors.reset()
        processes.reset()
        perWorker.reset()
        if let all = try store.collectors() {
            for kind in CollectorProcess.Kind.allCases {
                collectors.set(Double(all.count { $0.kind == kind }), [("kind", kind.rawValue)])
            }
            let (tasks, working) = (depth.ready + (depth.states["running"] ?? 0), all.count(where: \.takesTasks))
            processes.set(Double(working))
            perWorker.set(Double(tasks) / Double(max(1, working)))
        }
        let coverage = try store.coverage(groupBy: ["reason"], conditions: [], bounds: Bounds())
        hosts.reset()
        for item in coverage.items { hosts.set(Double(item.hosts), [("reason", (item.group["reason"] ?? nil) ?? "")]) }
        scopes.reset()
        for (code, count) in coverage.scope_codes { scopes.set(Double(count), [("code", code)]) }
        func count(_ isCounted: (Reason) -> Bool) -> Int {
            coverage.items.reduce(0) { sum, item in
                let reason = (item.group["reason"] ?? nil).flatMap(Reason.init(rawValue:))
                return sum + (reason.map(isCounted) ?? false ? item.hosts : 0)
            }
        }
        let (failed, answered) = (count(\.isFailure), count(\.isAnswered))
        failedPercent.reset()
        if failed + answered > 0 { failedPercent.set(100 * Double(failed) / Double(failed + answered)) }
        failedScopes.set(
            Double(
                coverage.scope_codes.reduce(0) {
                    $0 + (ScopeCode(rawValue: $1.key)?.isFailure ?? false ? $1.value : 0)
                }))
        lastRun.reset()
        let completed = try store.lastCompletedRun()
        if let last = completed.flatMap(Timestamp.parse) { lastRun.set(max(0, now.timeIntervalSince(last))) }
        nextRun.reset()
        overdue.reset()
        guard let control else { return }
        if let next = control.nextRun {
            nextRun.set(max(0, next.timeIntervalSince(now)))
            overdue.set(control.isOverdue(completed, now: now) ? 1 : 0)
        }
        let counters = control.counters()
        for (end, count) in counters.runs { runs.set(Double(count), [("end", end)]) }
        for (reason, count) in counters.hosts { results.set(Double(count), [("reason", reason)]) }
        workers.set(Double(counters.workers))
        commands.set(Double(counters.commands))
        polls.set(Double(counters.polls))
        longOutputs.set(Double(counters.longOutputs))
        for (phase, seconds) in counters.seconds { phases.set(seconds, [("phase", phase)]) }
        var seconds: [String: Double] = [:]
        for call in counters.calls {
            calls.set(Double(call.attempts), [("action", call.action), ("outcome", call.outcome)])
            seconds[call.action, default: 0] += call.seconds
        }
        for (action, value) in seconds { callSeconds.set(value, [("action", action)]) }
    }
}
