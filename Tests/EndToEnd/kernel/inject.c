// Makes an agent try what it must not, on a kernel that has no Python: inject PROGRAM ARGUMENT…
//
// For each call of the table it starts the program under ptrace(2), stops it at its first write to standard output (the
// sandbox is in force then), and puts another call in that one's place. A debugger's change comes before the kernel's
// filter sees the call. It prints a line for each: the call's name and `killed`, an error's name, or `allowed`.
// x86-64 and arm64; linked statically. The table is a part of that in test_sandbox.py.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
    const char *name;
    long number;
    long arguments[6];
    const char *path;  // takes the place of the argument that is PATH
};
#define PATH 0x50617468L
#define ANONYMOUS 0x22

static const struct call calls[] = {
    {"execve", SYS_execve, {PATH}, "/bin/busybox"},
    {"execveat", SYS_execveat, {AT_FDCWD, PATH}, "/bin/busybox"},
    {"socket", SYS_socket, {2, 1, 0}, NULL},
    {"a unix socket", SYS_socket, {1, 1, 0}, NULL},
    {"connect", SYS_connect, {-1}, NULL},
    {"bind", SYS_bind, {-1}, NULL},
    {"listen", SYS_listen, {-1}, NULL},
    {"ptrace", SYS_ptrace, {16}, NULL},
    {"process_vm_readv", SYS_process_vm_readv, {1}, NULL},
    {"process_vm_writev", SYS_process_vm_writev, {1}, NULL},
    {"kill", SYS_kill, {1, 0}, NULL},
    {"tgkill", SYS_tgkill, {1, 1, 0}, NULL},
    {"mount", SYS_mount, {0}, NULL},
    {"umount2", SYS_umount2, {0}, NULL},
    {"chroot", SYS_chroot, {0}, NULL},
    {"unshare", SYS_unshare, {0}, NULL},
    {"setns", SYS_setns, {-1}, NULL},
    {"init_module", SYS_init_module, {0}, NULL},
    {"bpf", SYS_bpf, {99}, NULL},
    {"reboot", SYS_reboot, {0}, NULL},
    {"setuid", SYS_setuid, {0}, NULL},
    {"openat to write", SYS_openat, {AT_FDCWD, PATH, O_WRONLY}, "/place/file"},
    {"openat to make", SYS_openat, {AT_FDCWD, PATH, O_CREAT, 0600}, "/place/made"},
    {"unlinkat", SYS_unlinkat, {AT_FDCWD, PATH, 0}, "/place/file"},
    {"mkdirat", SYS_mkdirat, {AT_FDCWD, PATH, 0700}, "/place/made"},
    {"fchmodat", SYS_fchmodat, {AT_FDCWD, PATH, 0777}, "/place/file"},
    {"fchownat", SYS_fchownat, {AT_FDCWD, PATH, 1, 1, 0}, "/place/file"},
    {"truncate", SYS_truncate, {PATH, 0}, "/place/file"},
    {"symlinkat", SYS_symlinkat, {0, AT_FDCWD, PATH}, "/place/made"},
#if defined(__x86_64__)
    // On arm64 a debugger's change of a first argument does not reach the filter, which reads orig_x0.
    {"write elsewhere", SYS_write, {0, PATH, 1}, "x"},
#endif
    {"code by mmap", SYS_mmap, {0, 4096, 7, ANONYMOUS, -1, 0}, NULL},
    {"memfd_create", SYS_memfd_create, {PATH, 0}, "x"},
    {"clone", SYS_clone, {0x800}, NULL},
    {"pipe2", SYS_pipe2, {0}, NULL},
    {"io_uring_setup", SYS_io_uring_setup, {0}, NULL},
};

#if defined(__x86_64__)
typedef struct user_regs_struct registers;
static long number_of(pid_t pid, const registers *r) { (void)pid; return (long)r->orig_rax; }
static long first_argument(const registers *r) { return (long)r->rdi; }
static long result_of(const registers *r) { return (long)r->rax; }
static unsigned long stack_of(const registers *r) { return r->rsp; }
static void replace(pid_t pid, registers *r, long number, const long *a) {
    (void)pid;
    r->orig_rax = (unsigned long)number;
    r->rdi = (unsigned long)a[0]; r->rsi = (unsigned long)a[1]; r->rdx = (unsigned long)a[2];
    r->r10 = (unsigned long)a[3]; r->r8 = (unsigned long)a[4]; r->r9 = (unsigned long)a[5];
}
#elif defined(__aarch64__)
typedef struct user_regs_struct registers;
#define NT_CALL 0x404
static long number_of(pid_t pid, const registers *r) { (void)pid; return (long)r->regs[8]; }
static long first_argument(const registers *r) { return (long)r->regs[0]; }
static long result_of(const registers *r) { return (long)r->regs[0]; }
static unsigned long stack_of(const registers *r) { return r->sp; }
static void replace(pid_t pid, registers *r, long number, const long *a) {
    int call = (int)number;
    struct iovec io = {&call, sizeof call};
    ptrace(PTRACE_SETREGSET, pid, NT_CALL, &io);
    for (int i = 0; i < 6; i++) r->regs[i] = (unsigned long long)a[i];
    r->regs[8] = (unsigned long long)number;
}
#endif

static void get(pid_t pid, registers *r) {
    struct iovec io = {r, sizeof *r};
    ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
}

// The beginning or the end of a system call; 0 when the process is gone.
static int next(pid_t pid, int *status) {
    int passed = 0;
    for (;;) {
        ptrace(PTRACE_SYSCALL, pid, 0, passed);
        waitpid(pid, status, 0);
        if (!WIFSTOPPED(*status)) return 0;
        if (WSTOPSIG(*status) == (SIGTRAP | 0x80)) return 1;
        passed = *status >> 16 ? 0 : WSTOPSIG(*status);
    }
}

static const char *attempt(char **program, const struct call *call) {
    static char text[32];
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int i = 0; i < 3; i++) dup2(null, i);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(program[0], program);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    registers r;
    do {
        if (!next(pid, &status)) return "no report";
        get(pid, &r);
        if (number_of(pid, &r) == SYS_write && first_argument(&r) == 1) break;
        if (!next(pid, &status)) return "no report";
    } while (1);
    long arguments[6];
    unsigned long place = stack_of(&r) - 16384;
    for (int i = 0; i < 6; i++) arguments[i] = call->arguments[i] == PATH ? (long)place : call->arguments[i];
    if (call->path) {
        long words[8] = {0};
        strncpy((char *)words, call->path, sizeof words - 1);
        for (size_t i = 0; i < 8; i++) ptrace(PTRACE_POKEDATA, pid, place + i * sizeof(long), words[i]);
    }
    replace(pid, &r, call->number, arguments);
    struct iovec io = {&r, sizeof r};
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
    int is_there = next(pid, &status);
    if (is_there) {
        get(pid, &r);
        long result = result_of(&r);
        // A call that the filter ends the process for comes back with its registers unchanged.
        if (result >= 0 && !next(pid, &status)) is_there = 0;
        if (is_there) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            if (result >= 0) return "allowed";
            snprintf(text, sizeof text, "%s", strerrorname_np((int)-result) ?: "error");
            return text;
        }
    }
    return WIFSIGNALED(status) ? "killed" : "ended";
}

int main(int count, char **program) {
    if (count < 2) return 64;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int made = open("/place/file", O_WRONLY | O_CREAT, 0600);
        close(made);
        printf("%s: %s\n", calls[i].name, attempt(program + 1, &calls[i]));
        fflush(stdout);
        rmdir("/place/made");
        unlink("/place/made");
    }
    return 0;
}
