/* bench/common.h - what every public header shares: version, error codes, export mark. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_VERSION_MAJOR 0
#define BENCH_VERSION_MINOR 1
#define BENCH_VERSION_PATCH 0
#define BENCH_VERSION       "0.1.0"

#ifdef __cplusplus
#define BENCH_BEGIN_DECLS extern "C" {
#define BENCH_END_DECLS   }
#else
#define BENCH_BEGIN_DECLS
#define BENCH_END_DECLS
#endif

#if defined(__GNUC__)
#define BENCH_API                __attribute__((visibility("default")))
#define BENCH_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define BENCH_API
#define BENCH_PRINTF(fmt, first)
#endif

BENCH_BEGIN_DECLS

/** Result codes. Functions that can fail return 0 or one of the negative values. */
enum {
    BENCH_OK = 0,
    BENCH_ENOMEM = -1,       /**< out of memory, or a size that overflows */
    BENCH_EINVAL = -2,       /**< an argument or option value that makes no sense */
    BENCH_EIO = -3,          /**< reading or writing failed; sys_errno says why */
    BENCH_EFORMAT = -4,      /**< a file that is not what it should be */
    BENCH_EVERSION = -5,     /**< a file or a peer of a version this library does not understand */
    BENCH_ENOTFOUND = -6,    /**< the file, benchmark or baseline named does not exist */
    BENCH_EEXIST = -7,       /**< it exists already and is not to be replaced */
    BENCH_ESYSTEM = -8,      /**< the operating system refused; sys_errno says why */
    BENCH_EINTERRUPTED = -9, /**< a signal asked to stop; partial results are valid */
    BENCH_EUNSUPPORTED = -10 /**< this machine or build cannot do that */
};

/**
 * What went wrong and where. Owned by the caller; the library writes it, never frees it.
 * The first error wins: a struct whose code is not 0 is left as it is, so one struct can be handed
 * through a whole chain of calls. Every function that takes one accepts NULL.
 */
typedef struct bench_error {
    int code;        /**< 0, or a BENCH_E... code */
    int sys_errno;   /**< errno of the failing system call, or 0 */
    char text[400];  /**< what, in one line, without a trailing newline */
    char place[280]; /**< where: a file, line and field, or a benchmark; may be empty */
} bench_error;

/** @return the name of a code, such as "BENCH_EIO"; never NULL. */
BENCH_API const char *bench_error_name(int code);

/** @return the version of the library that is linked, such as "0.1.0". */
BENCH_API const char *bench_version(void);

BENCH_END_DECLS

#endif
