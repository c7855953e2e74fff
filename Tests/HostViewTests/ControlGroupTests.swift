import Testing

@testable import HostView

@Suite("Control groups")
struct ControlGroupTests {
    static let id = String(repeating: "0123456789abcdef", count: 4)
    static let other = String(repeating: "f", count: 64)
    static let pod = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
    static let podInSlice = "0b1c2d3e_4f50_6172_8394_a5b6c7d8e9f0"

    /// A line of `/proc/<pid>/cgroup`, the runtime that it tells, and whether a pod's uid stands in it.
    static let containers: [(String, String?, Bool)] = [
        ("11:memory:/docker/\(id)", "docker", false),
        ("0::/system.slice/docker-\(id).scope", "docker", false),
        ("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(id).scope", "docker", false),
        ("0::/system.slice/nerdctl-\(id).scope", "containerd", false),
        ("0::/default/\(id)", nil, false),
        ("11:memory:/kubepods/burstable/pod\(pod)/\(id)", nil, true),
        (
            "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(podInSlice).slice/cri-containerd-\(id).scope",
            "containerd", true
        ),
        (
            "13:memory:/system.slice/containerd.service/kubepods-besteffort-pod\(podInSlice).slice:cri-containerd:\(id)",
            "containerd", false
        ),
        ("0::/kubepods.slice/kubepods-pod\(podInSlice).slice/crio-\(id).scope/container", "cri-o", true),
        ("0::/machine.slice/machine-libpod_pod_\(other).slice/libpod-\(id).scope/container", "podman", false),
        ("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope", "podman", false),
        ("0::/system.slice/web.service/libpod-payload-\(id)", "podman", false),
        ("8:memory:/ecs/0123456789abcdef0123456789abcdef/\(id)", "ecs", false),
        ("0::/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-\(id).scope", "ecs", false),
        // kind: the innermost container counts.
        (
            "0::/system.slice/docker-\(other).scope/kubelet.slice/kubelet-kubepods-pod\(podInSlice).slice/cri-containerd-\(id).scope",
            "containerd", true
        ),
        // systemd in a container
        ("0::/machine.slice/libpod-\(id).scope/init.scope", "podman", false),
    ]

    @Test("the container that a path names", arguments: containers)
    func container(line: String, runtime: String?, hasPod: Bool) throws {
        let group = try #require(ControlGroup.parse("1:name=systemd:/\n" + line + "\n0::/x\n"))
        #expect(group.id == Self.id && group.runtime == runtime)
        #expect(group.podUID == (hasPod ? Self.pod : nil))
    }

    @Test(
        "containers with a name",
        arguments: [
            ("0::/lxc.payload.web/system.slice/mysql.service", "lxc", "web"), ("1:name=systemd:/lxc/web", "lxc", "web"),
            ("0::/machine.slice/machine-web.scope/payload/mysql.service", "systemd-nspawn", "web"),
            ("0::/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn", "web"),
            (
                "1:name=systemd:/ecs/34dc0b5e626f2c5c4c5170e34b10e765-1234567890", "ecs",
                "34dc0b5e626f2c5c4c5170e34b10e765-1234567890"
            ),
        ])
    func named(line: String, runtime: String, id: String) {
        let group = ControlGroup.parse(line)
        #expect(group?.runtime == runtime && group?.id == id)
    }

    @Test(
        "services, monitors and machines are no containers",
        arguments: [
            "", "0::/", "0::/system.slice/mariadb.service", "0::/\(id)0", "0::/user.slice/user-0.slice/session-1.scope",
            "0::/machine.slice/libpod-conmon-\(id).scope", "0::/kubepods.slice/crio-conmon-\(id).scope",
            "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "no colon", "0::/docker/short",
        ])
    func none(line: String) { #expect(ControlGroup.parse(line) == nil) }
}

/// What mountinfo says.
private func mounts(_ text: String) -> Mounts { Mounts(Array(text.utf8)) }

@Suite("Paths through mounts")
struct MountPathTests {
    /// As Docker with overlay2, a volume and a bind mount shows it.
    static let host = mounts(
        """
        28 1 259:1 / / rw shared:1 - ext4 /dev/nvme0n1p1 rw
        35 28 259:4 / /srv/data rw - xfs /dev/nvme1n1 rw
        90 28 0:50 / /var/lib/docker/overlay2/aa/merged rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/aa/diff,workdir=/w
        91 28 259:1 /srv /mnt/again\\040here rw - ext4 /dev/nvme0n1p1 rw
        """)
    static let container = mounts(
        """
        100 99 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/aa/diff,workdir=/w
        101 100 259:1 /var/lib/docker/volumes/v/_data /var/lib/mysql rw - ext4 /dev/nvme0n1p1 rw
        102 100 259:4 /pg /var/lib/postgresql rw - xfs /dev/nvme1n1 rw
        103 100 0:77 / /run rw - tmpfs tmpfs rw
        """)

    @Test(
        "a volume, a bind mount of another disk, the writable layer",
        arguments: [
            ("/var/lib/mysql", ["/var/lib/docker/volumes/v/_data"]),
            ("/var/lib/mysql/mysql.ibd", ["/var/lib/docker/volumes/v/_data/mysql.ibd"]),
            ("/var/lib/postgresql/16", ["/srv/data/pg/16"]),
            ("/data/db", ["/var/lib/docker/overlay2/aa/merged/data/db", "/var/lib/docker/overlay2/aa/diff/data/db"]),
            ("/run/x", []),
        ])
    func paths(path: String, expected: [String]) {
        let host = Self.host
        #expect(host.paths(to: path, seenThrough: Self.container) == expected)
    }

    @Test("a place that is mounted twice has two paths, in the order of the mounts")
    func twice() {
        let host = Self.host
        let seen = Mounts(Array("1 0 259:1 /srv/x /data rw - ext4 /dev/nvme0n1p1 rw".utf8))
        #expect(host.paths(to: "/data/y", seenThrough: seen) == ["/srv/x/y", "/mnt/again here/x/y"])
    }

    @Test("uids of a user namespace, and interfaces of a network namespace")
    func maps() {
        #expect(SocketTable.interfaces(netDev: "Inter-|\n face |\n    lo: 1 2\n  eth0: 3\n") == ["lo", "eth0"])
    }
}
