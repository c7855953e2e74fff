// The collector runs on glibc 2.34 (Amazon Linux 2023, RHEL 9), although it is built on Debian 12, which has 2.36.
//
// Of all symbols that the static libraries of Swift and Debian ask for, only these four are newer. Definitions in the
// program come before those of glibc. packaging/check-libraries reads the versions that the built program asks for.
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

// glibc 2.35 made versions of these that do not set errno. They call the first ones, which every glibc has.
#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))
#if defined(__x86_64__)
#define FIRST "GLIBC_2.2.5"
#else
#define FIRST "GLIBC_2.17"
#endif
double dbcensus_hypot(double, double);
float dbcensus_hypotf(float, float);
__asm__(".symver dbcensus_hypot, hypot@" FIRST);
__asm__(".symver dbcensus_hypotf, hypotf@" FIRST);

double hypot(double x, double y) { return dbcensus_hypot(x, y); }
float hypotf(float x, float y) { return dbcensus_hypotf(x, y); }
#endif

// New in glibc 2.36; libexpat takes the seed of its hash tables from them. Like glibc's, they never fail: without random
// numbers the program ends.
void arc4random_buf(void *buffer, size_t size) {
    unsigned char *next = buffer;
    while (size > 0) {
        ssize_t count = getrandom(next, size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) abort();
        next += count;
        size -= (size_t)count;
    }
}

uint32_t arc4random(void) {
    uint32_t value;
    arc4random_buf(&value, sizeof value);
    return value;
}
