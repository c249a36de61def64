/* gzip.h - how small a file becomes, by zlib. Without it gzip_unavailable.c says so. */
#ifndef GZIP_H
#define GZIP_H

#include <stddef.h>

/** Why gzip_compress() cannot work in this build, or NULL when it can. */
const char *gzip_why_not(void);

/** The most bytes that so many can take compressed. */
size_t gzip_bound(size_t size);

/** Compresses as `gzip -9` does. @param out has gzip_bound(size) bytes.
 *  @return bytes, or 0 when it failed. */
size_t gzip_compress(void *out, size_t capacity, const void *data, size_t size);

#endif
