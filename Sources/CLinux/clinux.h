// Kernel structures and variadic or missing C calls that Swift cannot import by itself. Header-only.
#ifndef DBCENSUS_CLINUX_H
#define DBCENSUS_CLINUX_H
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sock_diag.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

// O_PATH hides behind _GNU_SOURCE, which would give other structures than Swift's own Glibc module has.
static const int32_t CLINUX_O_PATH = __O_PATH;
static const int64_t CLINUX_PROC_SUPER_MAGIC = 0x9fa0;  // linux/magic.h
static const uint8_t CLINUX_DT_UNKNOWN = 0, CLINUX_DT_DIR = 4, CLINUX_DT_REG = 8, CLINUX_DT_LNK = 10;

static inline int clinux_openat(int directory, const char *path, int flags) {
    return openat(directory, path, flags | O_CLOEXEC);
}
// openat2(2), Linux 5.6: every link is resolved as if `directory` were "/".
static inline int clinux_openat2_in_root(int directory, const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = 0, .resolve = RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
static inline long clinux_getdents64(int descriptor, void *buffer, size_t size) {
    return syscall(SYS_getdents64, descriptor, buffer, size);
}

// What a walk asks of a name.
struct clinux_name_status {
    uint64_t device, inode, size, blocks;
    uint32_t links;
    bool is_directory, is_automount;
};
// statx(2), Linux 4.11, without asking a file system's server and without mounting what is not mounted yet; fstatat(2) before it, and where a container's
// runtime does not know it. 0 or -1.
static inline int clinux_name_status(int directory, const char *name, struct clinux_name_status *status) {
    enum { NO_FOLLOW = 0x100, NO_AUTOMOUNT = 0x800, NO_SYNC = 0x4000, TYPE_LINKS_INODE_SIZE_BLOCKS = 0x705, AUTOMOUNT = 0x1000 };
    struct {  // struct statx of linux/stat.h, as far as it is asked for
        uint32_t mask, block_size;
        uint64_t attributes;
        uint32_t links, uid, gid;
        uint16_t mode, spare;
        uint64_t inode, size, blocks, attributes_mask;
        uint8_t times[64];
        uint32_t rdev_major, rdev_minor, device_major, device_minor;
        uint64_t more[14];
    } raw;
    if (syscall(SYS_statx, directory, name, NO_FOLLOW | NO_AUTOMOUNT | NO_SYNC, TYPE_LINKS_INODE_SIZE_BLOCKS, &raw) == 0) {
        *status = (struct clinux_name_status){
            .device = makedev(raw.device_major, raw.device_minor), .inode = raw.inode, .size = raw.size, .blocks = raw.blocks,
            .links = raw.links, .is_directory = S_ISDIR(raw.mode), .is_automount = raw.attributes & AUTOMOUNT};
        return 0;
    }
    struct stat old;
    if ((errno != ENOSYS && errno != EPERM) || fstatat(directory, name, &old, NO_FOLLOW | NO_AUTOMOUNT) != 0) return -1;
    *status = (struct clinux_name_status){.device = old.st_dev, .inode = old.st_ino, .size = (uint64_t)old.st_size,
        .blocks = (uint64_t)old.st_blocks, .links = (uint32_t)old.st_nlink, .is_directory = S_ISDIR(old.st_mode)};
    return 0;
}

// Whether a directory is autofs's (linux/magic.h): to enter it would mount something. O_PATH alone enters nothing.
static inline bool clinux_is_autofs(int directory, const char *name) {
    int number = openat(directory, name, CLINUX_O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct statfs system;
    bool is = number >= 0 && fstatfs(number, &system) == 0 && system.f_type == 0x0187;
    if (number >= 0) close(number);
    return is;
}

// sem_clockwait(3) by the monotonic clock is a GNU extension too (glibc 2.30). 0 or -1.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until);
static inline int clinux_wait(sem_t *semaphore, const struct timespec *until) {
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, until);
}

// memmem(3) is a GNU extension that Glibc's module leaves out.
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

// The offsets in getdents64(2)'s records: struct linux_dirent64 has no header of its own.
static const intptr_t CLINUX_DIRENT_RECLEN = 16, CLINUX_DIRENT_TYPE = 18, CLINUX_DIRENT_NAME = 19;

// sock_diag(7): a dump request for the TCP sockets of one family that LISTEN, and no others.
struct clinux_inet_diag_request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};
static inline struct clinux_inet_diag_request clinux_listen_request(uint8_t family, uint8_t protocol) {
    struct clinux_inet_diag_request request = {0};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.sdiag_family = family;
    request.body.sdiag_protocol = protocol;
    request.body.idiag_states = 1u << 10; /* TCP_LISTEN */
    return request;
}
static const int32_t CLINUX_NETLINK_SOCK_DIAG = NETLINK_SOCK_DIAG, CLINUX_AF_NETLINK = 16;
static const uint16_t CLINUX_NLMSG_ERROR = NLMSG_ERROR, CLINUX_NLMSG_DONE = NLMSG_DONE;
// Whether an open file is a regular one.
static inline bool clinux_is_regular(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}
/* Whether something keeps the clock right, by adjtimex(2); -1 where the kernel does not say. */
#include <sys/timex.h>
static inline int clinux_clock_is_synchronised(void) {
    struct timex state = {0};
    int result = adjtimex(&state);
    return result < 0 ? -1 : result != TIME_ERROR;
}

#endif
