// zlib's own header, and the two "functions" that it offers only as macros.
#ifndef DBCENSUS_CZLIB_H
#define DBCENSUS_CZLIB_H
#include <zlib.h>

static inline int czlib_deflate_init(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
}
static inline int czlib_inflate_init(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
#endif
