// zlib's own header, and the two "functions" that it offers only as macros.
#ifndef DBCENSUS_CZLIB_H
#define DBCENSUS_CZLIB_H
#include <stddef.h>
#include <zlib.h>

// memmem(3), which glibc's headers show to _GNU_SOURCE alone.
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

static inline int czlib_deflate_init(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
}
static inline const void *czlib_find(const void *haystack, size_t haystack_length, const void *needle,
                                     size_t needle_length) {
    return memmem(haystack, haystack_length, needle, needle_length);
}
static inline int czlib_inflate_init(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
#endif
