import HostView
import Report

extension ScanContext {
    /// The most volumes, and the most directories in each, that are looked into.
    private static let volumeLimit = 1_000, directoryLimit = 64

    /// Container engines' volumes, which outlive their containers: the volume itself, and a directory or two below.
    func volumePlaces() -> [StoppedPlace] {
        if let volumes { return volumes }
        let places = readVolumes()
        volumes = places
        return places
    }

    private func readVolumes() -> [StoppedPlace] {
        var docker = "/var/lib/docker"
        do throws(HostError) {
            docker = try root.json("/etc/docker/daemon.json")?.string("data-root") ?? docker
        } catch { log.add(error) }
        var places: [StoppedPlace] = []
        for home in [docker, "/var/lib/containers/storage"].map({ Path.tidy($0) + "/volumes" }) {
            let volumes = list(home, in: root).filter { $0.kind == .directory || $0.kind == .unknown }
            if volumes.count > Self.volumeLimit {
                log.add(.fileTooLarge, home, "only \(Self.volumeLimit) of \(volumes.count) volumes were searched")
            }
            for volume in volumes.prefix(Self.volumeLimit) {
                let path = "\(home)/\(volume.name)/_data"
                // Who runs the container writes what he likes into it: nothing there may lead out of it.
                guard let confined = try? root.confined(to: path) else { continue }
                let inside = log.concerning(try? root.status(path).owner) {
                    list(path, in: confined).filter { $0.kind == .directory || $0.kind == .unknown }
                }
                if inside.count > Self.directoryLimit {
                    log.add(
                        .fileTooLarge, path,
                        "only \(Self.directoryLimit) of its \(inside.count) directories were searched",
                        partial: false)
                }
                let below = inside.prefix(Self.directoryLimit).flatMap {
                    ["\(path)/\($0.name)", "\(path)/\($0.name)/docker"]
                }
                places += ([path] + below).map {
                    StoppedPlace(
                        path: $0, root: confined, isVolume: true, claim: Claim($0, source: "volume \(volume.name)"))
                }
            }
        }
        return places
    }
}
