/*
 * Reading an executable in one pass: hashed, and written elsewhere on the way when it is copied.
 */
#include "local/executable_file.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "local/xxh64.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 << 10 };
#define SECOND_SEED UINT64_C(0x6C6962626E636832) /* any but the first, which is 0 */

int bench__executable_error(bench_error *err, int sys_errno, const char *path, const char *what) {
    const int code = sys_errno == ENOENT ? BENCH_ENOTFOUND : BENCH_EIO;
    if (err != NULL && err->code == 0) {
        bench__error_sys(err, code, sys_errno, "%s", what);
        bench__error_place(err, "%.270s", path);
    }
    return code;
}

/* Where a file's content goes besides its hash; fd is -1 for nowhere. */
struct target {
    int fd;
    const char *path; /* for messages */
};

static int pass(char id[BENCH__EXECUTABLE_ID_SIZE], int64_t *bytes, int from, const char *path,
                const struct target *to, char *chunk, bench_error *err) {
    struct bench__xxh64 first, second;
    bench__xxh64_init(&first, 0);
    bench__xxh64_init(&second, SECOND_SEED);
    for (;;) {
        const ssize_t n = read(from, chunk, CHUNK_BYTES);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return bench__executable_error(err, errno, path, "cannot be read");
        }
        if (n == 0) {
            break;
        }
        bench__xxh64_add(&first, chunk, (size_t)n);
        bench__xxh64_add(&second, chunk, (size_t)n);
        const int failed = to->fd >= 0 ? bench__write_all(to->fd, chunk, (size_t)n) : 0;
        if (failed != 0) {
            return bench__executable_error(err, failed, to->path, "cannot be written");
        }
    }
    snprintf(id, BENCH__EXECUTABLE_ID_SIZE, "%016" PRIx64 "%016" PRIx64, bench__xxh64_value(&first),
             bench__xxh64_value(&second));
    *bytes = (int64_t)first.n_total;
    return 0;
}

/* Reads a whole file, which must be a regular one. */
static int pass_file(char id[BENCH__EXECUTABLE_ID_SIZE], int64_t *bytes, const char *path,
                     const struct target *to, bench_error *err) {
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is not waited for */
    if (fd < 0) {
        return bench__executable_error(err, errno, path, "cannot be opened");
    }
    char *chunk = bench__alloc(CHUNK_BYTES, 1);
    int rc;
    if (chunk == NULL) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory");
    } else if (fstat(fd, &status) != 0) {
        rc = bench__executable_error(err, errno, path, "cannot be read");
    } else if (!S_ISREG(status.st_mode)) {
        rc = bench__error(err, BENCH_EINVAL, "is not a regular file");
        bench__error_place(err, "%.270s", path);
    } else {
        rc = pass(id, bytes, fd, path, to, chunk, err);
    }
    bench__free(chunk);
    close(fd);
    return rc;
}

int bench__executable_id(char out[BENCH__EXECUTABLE_ID_SIZE], int64_t *out_bytes, const char *path,
                         bench_error *err) {
    const struct target nowhere = {.fd = -1};
    int64_t bytes = 0;
    const int rc = pass_file(out, &bytes, path, &nowhere, err);
    if (rc == 0 && out_bytes != NULL) {
        *out_bytes = bytes;
    }
    return rc;
}

int bench__executable_has_id(const char *path, const char *id, bench_error *err) {
    char found[BENCH__EXECUTABLE_ID_SIZE];
    const int rc = bench__executable_id(found, NULL, path, err);
    return rc == 0 ? strcmp(found, id) == 0 : rc;
}

/* Fills a new file, which is complete and on the disk when this succeeds. */
static int fill(int fd, const char *path, const char *id, const char *temporary, bench_error *err) {
    const struct target to = {.fd = fd, .path = temporary};
    char copied[BENCH__EXECUTABLE_ID_SIZE];
    int64_t bytes;
    const int rc = pass_file(copied, &bytes, path, &to, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(copied, id) != 0) {
        return bench__error(err, BENCH_EFORMAT, "it is not the file that was run any more");
    }
    if (fchmod(fd, 0755) != 0 || fsync(fd) != 0) {
        return bench__executable_error(err, errno, temporary, "cannot be written");
    }
    return 0;
}

int bench__executable_copy(const char *path, const char *id, const char *temporary,
                           const char *target, bench_error *err) {
    unlink(temporary); /* left by somebody who was killed */
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return bench__executable_error(err, errno, temporary, "cannot be written");
    }
    int rc = fill(fd, path, id, temporary, err);
    if (close(fd) != 0 && rc == 0) {
        rc = bench__executable_error(err, errno, temporary, "cannot be written");
    }
    if (rc == 0 && rename(temporary, target) != 0) {
        rc = bench__executable_error(err, errno, target, "cannot be written");
    }
    if (rc != 0) {
        unlink(temporary);
    }
    return rc;
}
