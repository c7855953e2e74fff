import Web

/// The configuration of a running collector: some of it may change while it serves.
final class LiveConfiguration: Sendable {
    private let current: Live<Configuration>
    /// The part that the API reads.
    let web: Live<WebConfiguration>

    init(_ configuration: Configuration) {
        current = Live(configuration)
        web = Live(configuration.web)
    }

    /// The values now.
    var value: Configuration { current.value }

    /// Takes the settings from `new` that SIGHUP may change; returns the names of the others that differ.
    func take(_ new: Configuration) -> [String] {
        var now = current.value
        for setting in Setting.all where setting.isLive { setting.copy(&now, new) }
        current.value = now
        web.value = now.web
        return Setting.all.filter { $0.write(now) != $0.write(new) }.map(\.name)
    }
}
