/* gzip by zlib: the best level, with the header that gzip writes. */
#define ZLIB_CONST
#include "gzip.h"

#include <zlib.h>

enum { HEADER_MAX = 64 /* and trailer: gzip's are longer than those that zlib reckons with */ };

const char *gzip_why_not(void) {
    return NULL;
}

size_t gzip_bound(size_t size) {
    return compressBound(size) + HEADER_MAX;
}

size_t gzip_compress(void *out, size_t capacity, const void *data, size_t size) {
    z_stream z = {
        .next_in = data, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY)) {
        return 0;
    }
    const int rc = deflate(&z, Z_FINISH);
    const size_t n = z.total_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? n : 0;
}
