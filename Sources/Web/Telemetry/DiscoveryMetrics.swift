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
    private let hosts: Gauge
    private let scopes: Gauge
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
        hosts = registry.gauge("dbcensus_coverage_hosts", "Instances, by how the last run ended for them.")
        scopes = registry.gauge("dbcensus_coverage_scopes", "Accounts and regions, by how they were last listed.")
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
        let coverage = try store.coverage(groupBy: ["reason"], conditions: [], bounds: Bounds())
        hosts.reset()
        for item in coverage.items { hosts.set(Double(item.hosts), [("reason", (item.group["reason"] ?? nil) ?? "")]) }
        scopes.reset()
        for (code, count) in coverage.scope_codes { scopes.set(Double(count), [("code", code)]) }
        lastRun.reset()
        if let last = try store.lastCompletedRun().flatMap(Timestamp.parse) {
            lastRun.set(max(0, now.timeIntervalSince(last)))
        }
        nextRun.reset()
        guard let control else { return }
        if let next = control.nextRun { nextRun.set(max(0, next.timeIntervalSince(now))) }
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
