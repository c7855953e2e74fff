import CLinux
import Glibc

/// The agent's filter of system calls (seccomp(2)): what looking takes is allowed, by number and argument; nothing else
/// is.
///
/// A refused call returns EPERM, so that a scan goes on. The calls in `deadly` end the process at once: code that tries
/// to start a program, to reach a network or to touch another process is not ours.
struct Seccomp {
    /// Calls that read, measure, wait, and keep memory and threads: whatever their arguments, they change nothing
    /// outside the process.
    static let harmless: [Int32] = [
        SYS_statx, SYS_newfstatat, SYS_getdents64, SYS_close, SYS_readlinkat, SYS_read, SYS_pread64, SYS_fstat,
        SYS_fstatfs,
        SYS_lseek, SYS_dup,
        SYS_futex, SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
        SYS_set_robust_list, SYS_rseq, SYS_gettid, SYS_getpid, SYS_sched_yield, SYS_sched_getaffinity,
        SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit, SYS_exit_group,
        SYS_clock_gettime, SYS_clock_nanosleep, SYS_getrandom, SYS_geteuid, SYS_uname,
        SYS_recvfrom, SYS_setsockopt,  // of the one kind of socket that there can be
        SYS_capget, SYS_capset, CLINUX_SYS_landlock_restrict_self,  // they can only take away
    ]

    /// Calls that end the process.
    static let deadly: [Int32] = [
        SYS_execve, SYS_execveat, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
        SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo,
        SYS_rt_tgsigqueueinfo, CLINUX_SYS_pidfd_open, CLINUX_SYS_pidfd_send_signal,
        SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, CLINUX_SYS_open_tree,
        CLINUX_SYS_move_mount, CLINUX_SYS_fsopen,
        SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_bpf, SYS_perf_event_open,
        CLINUX_SYS_io_uring_setup, SYS_userfaultfd,
        SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat,
        SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_truncate, SYS_ftruncate, SYS_utimensat,
        SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    ]
    #if arch(x86_64)
        /// Those that other architectures never had: their modern forms are in `deadly`.
        static let deadlyOld: [Int32] = [
            SYS_fork, SYS_vfork, SYS_creat, SYS_unlink, SYS_rename, SYS_mkdir, SYS_rmdir, SYS_link, SYS_symlink,
            SYS_mknod,
            SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_kexec_file_load,
        ]
    #else
        static let deadlyOld: [Int32] = []
    #endif

    /// What an open for reading may not ask for: another way of access, or to make or empty a file (O_TMPFILE asks for
    /// writing too).
    private static let writing = UInt32(O_ACCMODE | O_CREAT | O_TRUNC)

    private var program: [sock_filter] = []

    /// The filter of a process that writes to `output`, and may use openat2(2) or not: of that one the kernel cannot
    /// see the flags.
    init(output: Int32, openat2: Bool) {
        // struct seccomp_data: int nr @0, u32 arch @4, u64 instruction pointer @8, u64 args[6] @16.
        load(4)
        add(Self.jumpIfEqual, CLINUX_AUDIT_ARCH, 1, 0)
        end(CLINUX_SECCOMP_KILL)
        load(0)
        #if arch(x86_64)
            add(Self.jumpIfAtLeast, 0x4000_0000, 0, 1)  // x32: the same calls by other numbers
            end(CLINUX_SECCOMP_KILL)
        #endif
        for call in Self.harmless.prefix(3) { rule(call) { $0.allow() } }
        rule(SYS_openat) { $0.allow(unlessAny: Self.writing, of: 2) }
        for call in Self.harmless.dropFirst(3) { rule(call) { $0.allow() } }
        #if arch(x86_64)
            rule(SYS_readlink) { $0.allow() }  // the C library's own, beside readlinkat
        #endif
        if openat2 { rule(CLINUX_SYS_openat2) { $0.allow() } } else { rule(CLINUX_SYS_openat2) { $0.refuse(ENOSYS) } }
        rule(SYS_mmap) { $0.allow(unlessAny: UInt32(PROT_EXEC), of: 2) }
        rule(SYS_mprotect) { $0.allow(unlessAny: UInt32(PROT_EXEC), of: 2) }
        rule(SYS_write) { $0.allow(ifOneOf: [UInt32(STDOUT_FILENO), UInt32(STDERR_FILENO), UInt32(output)], 0) }
        rule(SYS_setpriority) { filter in  // the thread's own, and to the lowest alone
            filter.refuse(unlessArgument: 0, is: UInt32(PRIO_PROCESS.rawValue))
            filter.refuse(unlessArgument: 1, is: 0)
            filter.allow(ifOneOf: [CLINUX_LOWEST_PRIORITY], 2)
        }
        rule(SYS_ioprio_set) { filter in
            filter.refuse(unlessArgument: 0, is: 1)
            filter.refuse(unlessArgument: 1, is: 0)
            filter.allow(ifOneOf: [CLINUX_IDLE_DISK], 2)
        }
        rule(SYS_ioctl) { $0.allow(ifOneOf: [UInt32(TCGETS), UInt32(TIOCGWINSZ)], 1) }
        rule(SYS_clone) { $0.allow(ifAll: CLINUX_CLONE_THREAD, of: 0) }
        rule(CLINUX_SYS_clone3) { $0.refuse(ENOSYS) }  // its flags lie in memory; the C library then takes clone(2)
        rule(SYS_socket) { filter in
            filter.refuse(unlessArgument: 0, is: UInt32(CLINUX_AF_NETLINK))
            filter.allow(ifOneOf: [UInt32(CLINUX_NETLINK_SOCK_DIAG)], 2)
        }
        rule(SYS_sendto) { filter in  // to nobody but the kernel
            filter.refuse(unlessArgument: 4, is: 0)
            filter.refuse(unlessArgument: 4, is: 0, high: true)
            filter.allow()
        }
        rule(SYS_prlimit64) { filter in  // to ask, not to set
            filter.refuse(unlessArgument: 2, is: 0)
            filter.refuse(unlessArgument: 2, is: 0, high: true)
            filter.allow()
        }
        for call in Self.deadly + Self.deadlyOld { rule(call) { $0.end(CLINUX_SECCOMP_KILL) } }
        refuse(EPERM)
    }

    /// Puts the filter in force, for this thread and those that it makes; false where the kernel has none.
    func install() -> Bool {
        var program = program
        return program.withUnsafeMutableBufferPointer {
            clinux_seccomp($0.baseAddress, UInt16($0.count)) == 0
        }
    }

    // Of bpf(4)'s instructions five do: load a word, and, jump (if equal, at least, any bit), end.
    private static let jumpIfEqual: UInt16 = 0x15, jumpIfAtLeast: UInt16 = 0x35, jumpIfAny: UInt16 = 0x45

    private mutating func add(_ code: UInt16, _ value: UInt32, _ ifTrue: UInt8 = 0, _ ifFalse: UInt8 = 0) {
        program.append(sock_filter(code: code, jt: ifTrue, jf: ifFalse, k: value))
    }

    private mutating func load(_ offset: UInt32) { add(0x20, offset) }
    private mutating func load(argument: Int, high: Bool = false) { load(UInt32(16 + 8 * argument + (high ? 4 : 0))) }
    private mutating func end(_ verdict: UInt32) { add(0x06, verdict) }
    private mutating func allow() { end(CLINUX_SECCOMP_ALLOW) }
    private mutating func refuse(_ reason: Int32) { end(CLINUX_SECCOMP_ERRNO | UInt32(reason)) }

    /// What `body` decides about `call`; it must decide.
    private mutating func rule(_ call: Int32, _ body: (inout Seccomp) -> Void) {
        let start = program.count
        add(Self.jumpIfEqual, UInt32(call))
        body(&self)
        program[start].jf = UInt8(program.count - start - 1)
    }

    private mutating func allow(unlessAny bits: UInt32, of argument: Int) {
        load(argument: argument)
        add(Self.jumpIfAny, bits, 0, 1)
        refuse(EPERM)
        allow()
    }

    private mutating func allow(ifAll bits: UInt32, of argument: Int) {
        load(argument: argument)
        add(0x54, bits)  // and
        add(Self.jumpIfEqual, bits, 1, 0)
        refuse(EPERM)
        allow()
    }

    private mutating func allow(ifOneOf values: [UInt32], _ argument: Int) {
        load(argument: argument)
        for (index, value) in values.enumerated() { add(Self.jumpIfEqual, value, UInt8(values.count - index)) }
        refuse(EPERM)
        allow()
    }

    private mutating func refuse(unlessArgument argument: Int, is value: UInt32, high: Bool = false) {
        load(argument: argument, high: high)
        add(Self.jumpIfEqual, value, 1, 0)
        refuse(EPERM)
    }
}
