import Foundation

/// Keeps credentials and refreshes them ahead of their end, one refresh at a time.
///
/// A source that fails does no harm while the old credentials are valid: they are used, and the next call tries again.
package actor CachedCredentials: CredentialsProvider {
    /// From so long before their end on, credentials are refreshed, and the old ones are used when that fails.
    package static let advisory: TimeInterval = 15 * 60
    /// Credentials that end sooner are not used for a call.
    package static let mandatory: TimeInterval = 60
    /// A source that failed is asked again after this time while the old credentials are still valid.
    static let pause: TimeInterval = 30

    private let source: any CredentialsProvider
    private let now: @Sendable () -> Date
    private var current: AWSCredentials?
    /// The lifetime that the current ones had when they came.
    private var lifetime: TimeInterval = 0
    private var refresh: Task<Result<AWSCredentials, AWSError>, Never>?
    private var notBefore = Date.distantPast

    package init(_ source: any CredentialsProvider, now: @escaping @Sendable () -> Date) {
        self.source = source
        self.now = now
    }

    package func credentials() async throws(AWSError) -> AWSCredentials {
        if let current, let left = left(current) {
            // Credentials that live for less than half an hour are refreshed in the second half of their life.
            if left > min(Self.advisory, lifetime / 2) || (left > Self.mandatory && now() < notBefore) {
                return current
            }
        } else if let current, current.expiration == nil {
            return current
        }
        do throws(AWSError) { return try await refreshed() } catch {
            guard let current, let left = left(current), left > Self.mandatory else { throw error }
            notBefore = now().addingTimeInterval(Self.pause)
            return current
        }
    }

    package func invalidate(_ credentials: AWSCredentials) async {
        guard current == credentials else { return }
        current = nil
        await source.invalidate(credentials)
    }

    private func left(_ credentials: AWSCredentials) -> TimeInterval? {
        credentials.expiration?.timeIntervalSince(now())
    }

    /// All callers wait for one refresh, which goes on when the caller that began it is cancelled.
    private func refreshed() async throws(AWSError) -> AWSCredentials {
        let task: Task<Result<AWSCredentials, AWSError>, Never>
        if let refresh {
            task = refresh
        } else {
            task = Task { [source] in
                do throws(AWSError) { return .success(try await source.credentials()) } catch { return .failure(error) }
            }
            refresh = task
        }
        let result = await task.value
        if refresh == task { refresh = nil }
        let fresh = try result.get()
        current = fresh
        lifetime = left(fresh) ?? 0
        return fresh
    }
}
