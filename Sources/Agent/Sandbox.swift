import CLinux
import Glibc

/// What the kernel forbids the agent, from the moment its output is open (docs/security-agent.md).
///
/// It comes in two steps. `enter` drops capabilities and filters system calls. `lock` comes when the process table has
/// been read: a process with a Landlock ruleset may not look at others (landlock(7), "Ptrace restrictions"), so
/// everything that takes such a look is done before, and every file is opened after.
struct Sandbox: Sendable {
    /// A filter of system calls is in force.
    let seccomp: Bool
    /// Landlock's ruleset, open; nil where the kernel has none.
    private let ruleset: Int32?

    private let isOn: Bool

    /// No sandbox at all.
    static let none = Sandbox(seccomp: false, ruleset: nil, isOn: false)

    /// What the agent may use of memory of its own, in bytes, so that it cannot bring a host into need; a scan takes
    /// some 10 MiB.
    static let memoryLimit: UInt64 = 512 << 20
    private static let descriptorLimit: UInt64 = 65_536

    /// Capabilities (capabilities(7)): to read any file, and to see what other users' processes are.
    private static let readAny: UInt32 = 1 << 2, seeProcesses: UInt32 = 1 << 19

    /// The right to truncate is in Landlock since version 3 (Linux 6.2): before it, openat2(2) could empty a file and
    /// nobody would see.
    private static let versionForOpenat2 = 3

    /// Steps back behind the host's own work: the calling thread and those that it makes come last at processors and
    /// disks.
    static func stepBack() { clinux_be_polite() }

    /// Bounds memory; not a barrier, so `--no-sandbox` keeps it.
    static func limitMemory() {
        clinux_limit(CLINUX_RLIMIT_DATA, memoryLimit, false)
        // 1 and not 0: that one alone also keeps a core from a program that the host sends cores to (core(5)).
        clinux_limit(CLINUX_RLIMIT_CORE, 1, true)
        clinux_raise_descriptors(descriptorLimit)
    }

    /// Closes what the caller left open, and fills standard streams that are closed with something that cannot be read
    /// or written: a file that is opened later must not take their place.
    static func tidyDescriptors() {
        clinux_close_from(3)
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = clinux_openat(AT_FDCWD, "/", CLINUX_O_PATH)
        }
    }

    /// Gives up everything but looking and writing to `output`. What the kernel does not have is left out; the result
    /// says what held.
    static func enter(output: Int32) -> Sandbox {
        guard clinux_no_new_privileges() == 0 else { return none }
        _ = clinux_keep_capabilities(readAny | seeProcesses)
        let version = clinux_landlock_version()
        var handled = rights(version)
        let ruleset = version > 0 ? clinux_landlock_create(&handled) : -1
        let filter = Seccomp(output: output, openat2: ruleset >= 0 && version >= versionForOpenat2)
        return Sandbox(seccomp: filter.install(), ruleset: ruleset >= 0 ? ruleset : nil, isOn: true)
    }

    /// Gives up the rest in the calling thread, and in those that it makes: no write, no other process; false where
    /// Landlock does not hold.
    func lock() -> Bool {
        if isOn { _ = clinux_keep_capabilities(Self.readAny) }
        guard let ruleset else { return false }
        return clinux_landlock_restrict(ruleset) == 0
    }

    /// Everything that Landlock of this version can deny, but for reading files and listing directories.
    private static func rights(_ version: Int) -> clinux_landlock {
        // Version 1 has 13 rights to files, of which bits 2 and 3 are those to read; 2 adds REFER, 3 TRUNCATE, 5
        // IOCTL_DEV.
        let count = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13
        return clinux_landlock(
            files: ((1 << count) - 1) & ~0b1100, network: version >= 4 ? 0b11 : 0, scoped: version >= 6 ? 0b11 : 0)
    }
}
