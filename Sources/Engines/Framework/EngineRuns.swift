import HostView
import Report

/// How each engine's part of a scan goes: its outcome and its time.
struct EngineRuns {
    private struct Run {
        var id: String
        var nanoseconds: UInt64 = 0
        var hasStarted = false
        var isPartial = false
        var isFinished = false
    }

    private var runs: [Run]

    init(_ engines: [any Engine] = []) { runs = engines.map { Run(id: $0.id) } }

    /// Notes that `engine` has its turn: should it never return, its outcome is not `not_run`.
    mutating func start(_ engine: any Engine) { change(engine) { $0.hasStarted = true } }

    /// Adds to an engine's time; `isPartial` when something of its databases may be missing.
    mutating func add(_ nanoseconds: UInt64, isPartial: Bool, of engine: any Engine) {
        change(engine) {
            $0.hasStarted = true
            $0.nanoseconds += nanoseconds
            $0.isPartial = $0.isPartial || isPartial
        }
    }

    /// Notes that `engine` has looked at everything.
    mutating func finish(_ engine: any Engine) { change(engine) { $0.isFinished = true } }

    /// As the report has it, in the registry's order.
    var report: [Report.EngineRun] {
        runs.map { run in
            let outcome: Report.EngineRun.Outcome =
                !run.hasStarted ? .notRun : run.isFinished && !run.isPartial ? .complete : .partial
            return Report.EngineRun(id: run.id, outcome: outcome, durationMs: Int(run.nanoseconds / 1_000_000))
        }
    }

    private mutating func change(_ engine: any Engine, _ body: (inout Run) -> Void) {
        if let index = runs.firstIndex(where: { $0.id == engine.id }) { body(&runs[index]) }
    }
}

extension ScanContext {
    /// Runs `body` as the turn of `engine`; a problem that leaves something out makes the engine's outcome partial.
    func measured<Result>(_ engine: any Engine, _ body: () -> Result) -> Result {
        runs.start(engine)
        let begun = Deadline.now()
        let before = log.partialCount
        let result = body()
        runs.add(Deadline.now() - begun, isPartial: log.partialCount > before, of: engine)
        return result
    }

    /// The outcome and the time of each engine so far.
    public var engineRuns: [Report.EngineRun] { runs.report }
}
