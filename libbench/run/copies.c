/*
 * Copies live as long as one launch. They are written, never cloned: a copy that shares pages with
 * its original would be no copy.
 */
#include "run/copies.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_SIZE 65536

int bench__copies_open(struct bench__copies *copies, bench_error *err) {
    const char *tmp = getenv("TMPDIR");
    *copies = (struct bench__copies){0};
    char *dir = bench__path_join(tmp != NULL && tmp[0] == '/' ? tmp : "/tmp", "bench-duel-XXXXXX");
    if (dir == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (mkdtemp(dir) == NULL) {
        const int code = bench__error_sys(err, BENCH_EIO, errno, "cannot make a directory");
        bench__free(dir);
        return code;
    }
    copies->dir = dir;
    return 0;
}

static int copy(int to, int from) {
    char block[BLOCK_SIZE];
    for (;;) {
        const ssize_t n = read(from, block, sizeof block);
        if (n == 0) {
            return 0;
        }
        if ((n < 0 && errno != EINTR) || (n > 0 && bench__write_all(to, block, (size_t)n) != 0)) {
            return -1;
        }
    }
}

int bench__copies_make(char **out, struct bench__copies *copies, const char *path,
                       bench_error *err) {
    char name[32];
    *out = NULL;
    if (copies->dir == NULL) {
        return bench__error(err, BENCH_EIO, "no directory for copies");
    }
    snprintf(name, sizeof name, "%u", copies->n_made++);
    char *target = bench__path_join(copies->dir, name);
    if (target == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    const int from = open(path != NULL ? path : "/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const int to = from >= 0 ? open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700) : -1;
    int failed = to < 0 || copy(to, from) != 0;
    const int why = errno;
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        failed = close(to) != 0 || failed;
    }
    if (failed) {
        unlink(target);
        bench__free(target);
        return bench__error_sys(err, BENCH_EIO, why, "cannot copy the executable");
    }
    *out = target;
    return 0;
}

void bench__copies_drop(char *path) {
    if (path != NULL) {
        unlink(path);
        bench__free(path);
    }
}

void bench__copies_close(struct bench__copies *copies) {
    if (copies->dir != NULL) {
        rmdir(copies->dir);
        bench__free(copies->dir);
    }
    *copies = (struct bench__copies){0};
}
