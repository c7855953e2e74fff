// What the agent asks of the kernel to confine itself. The numbers stand here because older headers do not have them all.
#ifndef DBCENSUS_SANDBOX_H
#define DBCENSUS_SANDBOX_H
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
static const uint32_t CLINUX_AUDIT_ARCH = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const uint32_t CLINUX_AUDIT_ARCH = AUDIT_ARCH_AARCH64;
#else
#error "dbcensus knows the system calls of x86_64 and aarch64"
#endif

static const uint32_t CLINUX_SECCOMP_ALLOW = 0x7fff0000, CLINUX_SECCOMP_ERRNO = 0x00050000,
                      CLINUX_SECCOMP_KILL = 0x80000000;  // the whole process, Linux 4.14; before it the thread
// System calls that are newer than some headers, the same on every architecture since 424.
static const int32_t CLINUX_SYS_clone3 = 435, CLINUX_SYS_openat2 = 437,
                     CLINUX_SYS_pidfd_send_signal = 424, CLINUX_SYS_io_uring_setup = 425, CLINUX_SYS_open_tree = 428,
                     CLINUX_SYS_move_mount = 429, CLINUX_SYS_fsopen = 430, CLINUX_SYS_pidfd_open = 434,
                     CLINUX_SYS_landlock_restrict_self = 446;

static inline int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
// seccomp(2) by prctl(2): Linux 3.5.
static inline int clinux_seccomp(struct sock_filter *filter, unsigned short length) {
    struct sock_fprog program = {.len = length, .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

// landlock(7). A larger structure than the kernel knows is taken as long as the rest is zero.
struct clinux_landlock {
    uint64_t files, network, scoped;
};
static inline long clinux_landlock_version(void) {
    return syscall(444 /* landlock_create_ruleset */, (void *)0, (size_t)0, 1u /* LANDLOCK_CREATE_RULESET_VERSION */);
}
static inline int clinux_landlock_create(const struct clinux_landlock *handled) {
    return (int)syscall(444, handled, sizeof *handled, 0u);
}
static inline long clinux_landlock_restrict(int ruleset) { return syscall(446, ruleset, 0u); }

// capset(2), version 3: keeps of the thread's capabilities those in `kept` alone, to use and to have.
static inline long clinux_keep_capabilities(uint32_t kept) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } sets[2] = {{0}};
    if (syscall(SYS_capget, &header, sets) != 0) return -1;
    sets[0].effective = sets[0].permitted &= kept;
    sets[1].effective = sets[1].permitted = 0;
    sets[0].inheritable = sets[1].inheritable = 0;
    return syscall(SYS_capset, &header, sets);
}

// The lowest priority for processor and disk (nice(2), ioprio_set(2)): 1 is "this thread", 3 << 13 the idle class.
static const uint32_t CLINUX_LOWEST_PRIORITY = 19, CLINUX_IDLE_DISK = 3 << 13;
// Of the calling thread, and of those that it makes; Linux counts priorities by thread.
static inline void clinux_be_polite(void) {
    setpriority(PRIO_PROCESS, 0, CLINUX_LOWEST_PRIORITY);
    syscall(SYS_ioprio_set, 1, 0, CLINUX_IDLE_DISK);
}
// setrlimit(2): never above what the caller was given.
static inline void clinux_limit(int resource, uint64_t most, bool soft_too) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return;
    if (limit.rlim_max > most) limit.rlim_max = most;
    if (soft_too || limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
}
static inline void clinux_raise_descriptors(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}
static const uint32_t CLINUX_CLONE_THREAD = 0x00010000 | 0x00000100;  // CLONE_THREAD and CLONE_VM of linux/sched.h
static const int32_t CLINUX_RLIMIT_DATA = RLIMIT_DATA, CLINUX_RLIMIT_CORE = RLIMIT_CORE;
// close_range(2), Linux 5.9; before it one by one, as far as callers leave files open.
static inline void clinux_close_from(int first) {
    if (syscall(436, first, ~0u, 0u) == 0) return;
    for (int number = first; number < 4096; number++) close(number);
}
#endif
