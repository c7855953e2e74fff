import HostView
import Report

/// The problems of one scan, in the order they are met, each once.
///
/// What an ordinary user's process or files cause limits what is known of that user's databases alone: a problem
/// belongs to the host or to the user whose turn it is (`concerning`).
public final class ProblemLog {
    /// The most problems that are kept; one more says that there were others.
    public static let limit = 500
    /// The most of one code: a crowd of one kind must not hide the others.
    public static let codeLimit = 100
    /// The most of one code that one user may cause.
    public static let userLimit = 25

    /// The problems so far.
    public private(set) var problems: [Report.Problem] = []
    /// Something of the host may be missing from the report.
    public private(set) var isPartial = false
    /// How many problems so far mean that something may be missing, of the host or of one user's databases.
    public private(set) var partialCount = 0
    /// Users of whose databases something may be missing: the first of each `Report.Scan.userGroup`.
    public private(set) var limitedUsers: Set<UInt32> = []
    /// Whose problems are met now; nil for the host's.
    private(set) var user: UInt32?
    private var known: Set<Report.Problem> = []
    private var counts: [ProblemCode: Int] = [:]
    private var countsByUser: [Origin: Int] = [:]

    private struct Origin: Hashable {
        var code: ProblemCode
        var user: UInt32
    }

    /// An empty log.
    public init() {}

    /// Runs `body`; the problems that it meets are the user's `uid`, or the host's for nil.
    public func concerning<Result>(_ uid: UInt32?, _ body: () throws -> Result) rethrows -> Result {
        let before = user
        defer { user = before }
        user = uid
        return try body()
    }

    /// Adds a problem. `partial` says that a database, a field or a size may be missing because of it.
    public func add(_ code: ProblemCode, _ subject: String, _ message: String, partial: Bool = true) {
        add(code, subject, message, partial: partial, user: user)
    }

    private func add(_ code: ProblemCode, _ subject: String, _ message: String, partial: Bool, user: UInt32?) {
        if partial { limit(user) }
        let problem = Report.Problem(
            code: code.rawValue, subject: EvidenceLimits.cut(subject), message: EvidenceLimits.cut(message))
        guard problems.count <= Self.limit, counts[code, default: 0] <= Self.codeLimit,
            known.insert(problem).inserted
        else { return }
        if let user {
            let origin = Origin(code: code, user: Report.Scan.userGroup(of: user))
            countsByUser[origin, default: 0] += 1
            if countsByUser[origin] == Self.userLimit + 1 { cut(code.rawValue, Self.userLimit, " of user \(user)") }
            guard countsByUser[origin, default: 0] <= Self.userLimit else { return }
        }
        counts[code, default: 0] += 1
        if problems.count == Self.limit {
            cut("scan", Self.limit)
        } else if counts[code] == Self.codeLimit + 1 {
            cut(code.rawValue, Self.codeLimit)
        } else {
            problems.append(problem)
        }
    }

    private func limit(_ user: UInt32?) {
        partialCount += 1
        guard let user else { return isPartial = true }
        limitedUsers.insert(Report.Scan.userGroup(of: user))
        if limitedUsers.count > Report.Scan.limitedUsersLimit { isPartial = true }
    }

    private func cut(_ subject: String, _ limit: Int, _ whose: String = "") {
        problems.append(
            Report.Problem(
                code: ProblemCode.tooManyProblems.rawValue, subject: subject,
                message: "more than \(limit) problems\(whose); the rest are left out"))
    }

    private static let codes: [Reason: ProblemCode] = [
        .tooLarge: .fileTooLarge, .malformed: .malformed, .timedOut: .deadline, .notForReader: .foreignFile,
    ]

    /// Adds the problems of a draft that has become the database `key`.
    func add(_ problems: [DraftProblem], of key: String) {
        for problem in problems {
            add(problem.code, key, problem.message, partial: problem.isPartial, user: problem.user)
        }
    }

    /// Adds a refused file operation; a thing that is simply not there is no problem.
    public func add(_ error: HostError) {
        if error.reason.isAbsent { return }
        let code: ProblemCode =
            error.reason.isDenied ? .denied : Self.codes[error.reason] ?? .unreadable
        // What the server could not read itself is not missing from what it does.
        add(code, error.path, "\(error)", partial: error.reason != .notForReader)
    }
}

/// The words for what can go wrong (docs/report.md explains each).
public enum ProblemCode: String, Sendable, CaseIterable {
    case denied
    case unreadable
    case fileTooLarge = "file_too_large"
    case malformed
    case includeLimit = "include_limit"
    case notPrivileged = "not_privileged"
    case hiddenProcesses = "hidden_processes"
    case noProcessTable = "no_process_table"
    case notHostNamespace = "not_host_namespace"
    case processorTime = "processor_time"
    case invalidValue = "invalid_value"
    case foreignFile = "foreign_file"
    case configurationNotFound = "configuration_not_found"
    case processVanished = "process_vanished"
    case tooManyProcesses = "too_many_processes"
    case tooManyDescriptors = "too_many_descriptors"
    case tooManyProblems = "too_many_problems"
    case notADatabase = "not_a_database"
    case dataDirectoryNotFound = "data_directory_not_found"
    case dataDirectoryConflict = "data_directory_conflict"
    case dataDirectoryReplaced = "data_directory_replaced"
    case identityShared = "identity_shared"
    case executableReplaced = "executable_replaced"
    case restartPending = "restart_pending"
    case upgradePending = "upgrade_pending"
    case versionDisagreement = "version_disagreement"
    case versionUnknown = "version_unknown"
    case hostPathUnknown = "host_path_unknown"
    case sizeIncomplete = "size_incomplete"
    case containerMismatch = "container_mismatch"
    case deadline
    case engineFilter = "engine_filter"
    case stateUnknown = "state_unknown"
    case notUnderstood = "not_understood"
    case reportLimit = "report_limit"
    case outputLimit = "output_limit"
}
