/*
 * Whole-file reads, atomic writes, directories and names. Errors carry the path as their place.
 * No formats; appending to a log is the business of its owner.
 */
#include "base/fs.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error of the operating system about a path. */
static int path_error(bench_error *err, int sys_errno, const char *path, const char *what) {
    int code = sys_errno == ENOENT   ? BENCH_ENOTFOUND
               : sys_errno == ENOMEM ? BENCH_ENOMEM
                                     : BENCH_EIO;
    if (err != NULL && err->code == 0) {
        bench__error_sys(err, code, sys_errno, "%s", what);
        bench__error_place(err, "%s", path);
    }
    return code;
}

/* --- reading --- */

static int too_large(bench_error *err, const char *path, size_t max_bytes) {
    if (err != NULL && err->code == 0) {
        bench__error(err, BENCH_EFORMAT, "is larger than the %zu bytes allowed", max_bytes);
        bench__error_place(err, "%s", path);
    }
    return BENCH_EFORMAT;
}

/* Reads to the end of the file, whose size is only a hint: in /proc it is 0, and files grow. */
static int read_to_end(struct bench__strbuf *sb, int fd, size_t hint, size_t max_bytes,
                       const char *path, bench_error *err) {
    for (;;) {
        size_t step = sb->n < hint ? hint - sb->n + 1 : 4096;
        size_t room = max_bytes - sb->n + 1; /* one more than allowed, to notice */
        step = step < room ? step : room;
        if (bench__grow(&sb->text, &sb->capacity, sb->n + step + 1, 1) != 0)
            return path_error(err, ENOMEM, path, "cannot be read");
        ssize_t n = read(fd, sb->text + sb->n, step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return path_error(err, errno, path, "cannot be read");
        sb->n += (size_t)n;
        if (sb->n > max_bytes)
            return too_large(err, path, max_bytes);
        if (n == 0)
            return 0;
    }
}

int bench__read_file(char **out, size_t *out_n, const char *path, size_t max_bytes,
                     bench_error *err) {
    const size_t limit = max_bytes > 0 ? max_bytes : (size_t)512 << 20;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return path_error(err, errno, path, "cannot be opened");
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    struct stat st;
    int rc;
    if (fstat(fd, &st) != 0)
        rc = path_error(err, errno, path, "cannot be read");
    else if (S_ISDIR(st.st_mode))
        rc = path_error(err, EISDIR, path, "cannot be read");
    else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > limit)
        rc = too_large(err, path, limit);
    else
        rc = read_to_end(&sb, fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 0, limit, path, err);
    close(fd);
    if (rc != 0) {
        bench__strbuf_clear(&sb);
        return rc;
    }
    sb.text[sb.n] = '\0';
    *out = sb.text;
    *out_n = sb.n;
    return 0;
}

/* --- writing --- */

int bench__write_all(int fd, const void *bytes, size_t n) {
    const char *data = bytes;
    while (n > 0) {
        ssize_t written = write(fd, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        data += written;
        n -= (size_t)written;
    }
    return 0;
}

/* Where a path leads: through symbolic links when it exists, itself otherwise. Allocated. */
static char *resolve(const char *path) {
    char *real = realpath(path, NULL);
    char *resolved = bench__strdup(real != NULL ? real : path);
    free(real);
    return resolved;
}

/* The directory of a path, with its final '/' ("" for a bare name). Allocated. */
static char *directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return bench__strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

/* Creates a new file in `directory`; its name, which does not depend on the target's and so is
 * never too long, goes to *out (allocated). @return descriptor, or -1 with errno. */
static int create_temporary(char **out, const char *directory) {
    for (int attempt = 0; attempt < 16; attempt++) {
        struct bench__strbuf name;
        bench__strbuf_init(&name);
        bench__strbuf_addf(&name, "%s.bench-%ld-%016llx.tmp", directory, (long)getpid(),
                           (unsigned long long)bench__rng_entropy());
        *out = bench__strbuf_steal(&name);
        if (*out == NULL) {
            errno = ENOMEM;
            return -1;
        }
        int fd = open(*out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0)
            return fd;
        int sys_errno = errno;
        bench__free(*out);
        *out = NULL;
        errno = sys_errno;
        if (sys_errno != EEXIST)
            return -1;
    }
    return -1;
}

/* Best effort: some file systems refuse it, and the new content is in place already. */
static void sync_directory(const char *directory) {
    int fd = open(directory[0] != '\0' ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* Writes, syncs and closes `fd`. @return 0 or an errno. */
static int fill_and_close(int fd, const void *data, size_t n, const struct stat *old) {
    int sys_errno = bench__write_all(fd, data, n);
    if (sys_errno == 0 && old != NULL && fchmod(fd, old->st_mode & 07777) != 0)
        sys_errno = errno;
    if (sys_errno == 0 && fsync(fd) != 0)
        sys_errno = errno;
    if (close(fd) != 0 && sys_errno == 0)
        sys_errno = errno;
    return sys_errno;
}

/* @return 0 or an errno. */
static int replace_file(const char *target, const char *directory, const void *data, size_t n,
                        const struct stat *old) {
    char *temporary = NULL;
    int fd = create_temporary(&temporary, directory);
    if (fd < 0)
        return errno;
    int sys_errno = fill_and_close(fd, data, n, old);
    if (sys_errno == 0 && rename(temporary, target) != 0)
        sys_errno = errno;
    if (sys_errno != 0)
        unlink(temporary);
    else
        sync_directory(directory);
    bench__free(temporary);
    return sys_errno;
}

/* A device or a pipe cannot be replaced, only written to; a directory fails here with EISDIR.
 * @return 0 or an errno. */
static int write_in_place(const char *path, const void *data, size_t n) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int sys_errno = bench__write_all(fd, data, n);
    if (close(fd) != 0 && sys_errno == 0)
        sys_errno = errno;
    return sys_errno;
}

int bench__write_file_atomic(const char *path, const void *data, size_t n, bench_error *err) {
    struct stat st;
    int exists = stat(path, &st) == 0, sys_errno = ENOMEM;
    if (exists && !S_ISREG(st.st_mode)) {
        sys_errno = write_in_place(path, data, n);
    } else {
        char *target = resolve(path);
        char *directory = target != NULL ? directory_of(target) : NULL;
        if (directory != NULL)
            sys_errno = replace_file(target, directory, data, n, exists ? &st : NULL);
        bench__free(directory);
        bench__free(target);
    }
    return sys_errno == 0 ? 0 : path_error(err, sys_errno, path, "cannot be written");
}

/* --- directories --- */

int bench__make_directories(const char *path, bench_error *err) {
    char *prefix = bench__strdup(path);
    if (prefix == NULL)
        return path_error(err, ENOMEM, path, "cannot be created");
    int rc = *path == '\0' ? path_error(err, ENOENT, path, "cannot be created") : 0;
    for (size_t i = 1; rc == 0 && i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdir(prefix, 0777) != 0) {
            int sys_errno = errno;
            if (!bench__is_directory(prefix))
                rc = path_error(err, sys_errno == EEXIST ? ENOTDIR : sys_errno, prefix,
                                "cannot be created");
        }
        prefix[i] = path[i];
    }
    bench__free(prefix);
    return rc;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *n, size_t *capacity, const char *name) {
    if (bench__grow(names, capacity, *n + 1, sizeof **names) != 0)
        return ENOMEM;
    (*names)[*n] = bench__strdup(name);
    if ((*names)[*n] == NULL)
        return ENOMEM;
    ++*n;
    return 0;
}

int bench__list_directory(char ***out, size_t *out_n, const char *path, bench_error *err) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return path_error(err, errno, path, "cannot be listed");
    char **names = NULL;
    size_t n = 0, capacity = 0;
    int sys_errno = 0;
    while (sys_errno == 0) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            sys_errno = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            sys_errno = add_name(&names, &n, &capacity, entry->d_name);
    }
    closedir(directory);
    if (sys_errno != 0) {
        bench__free_names(names, n);
        return path_error(err, sys_errno, path, "cannot be listed");
    }
    if (n > 1)
        qsort(names, n, sizeof *names, compare_names);
    *out = names;
    *out_n = n;
    return 0;
}

int bench__lock_directory(const char *path, bench_error *err) {
    char *file = bench__path_join(path, ".lock");
    if (file == NULL)
        return path_error(err, ENOMEM, path, "cannot be locked");
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    int failed = fd < 0;
    while (!failed && flock(fd, LOCK_EX) != 0)
        failed = errno != EINTR;
    int rc = failed ? path_error(err, errno, file, "cannot be locked") : 0;
    if (failed && fd >= 0)
        close(fd);
    bench__free(file);
    return failed ? rc : fd;
}

void bench__free_names(char **names, size_t n) {
    for (size_t i = 0; i < n; i++)
        bench__free(names[i]);
    bench__free(names);
}

int bench__is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int bench__file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* --- names --- */

int bench__is_safe_component(const char *name) {
    if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || strnlen(name, 101) > 100)
        return 0;
    while (*name != '\0') {
        uint32_t point;
        size_t n = bench__utf8_decode(name, &point);
        if (n == 0 || point == '/' || bench__is_control(point))
            return 0;
        name += n;
    }
    return 1;
}

char *bench__path_join(const char *a, const char *b) {
    struct bench__strbuf path;
    bench__strbuf_init(&path);
    bench__strbuf_add(&path, a);
    if (path.n > 0 && a[path.n - 1] != '/')
        bench__strbuf_addc(&path, '/');
    bench__strbuf_add(&path, b);
    return bench__strbuf_steal(&path);
}

static int is_program(const char *path) {
    return bench__file_exists(path) && access(path, X_OK) == 0;
}

char *bench__find_program(const char *name) {
    if (name[0] == '\0')
        return NULL;
    if (strchr(name, '/') != NULL)
        return is_program(name) ? bench__strdup(name) : NULL;
    const char *directories = getenv("PATH");
    const char *p = directories != NULL ? directories : "/usr/bin:/bin";
    for (;;) {
        size_t n = strcspn(p, ":");
        char *directory = n > 0 ? bench__strndup(p, n) : bench__strdup("."); /* empty: here */
        char *path = directory != NULL ? bench__path_join(directory, name) : NULL;
        bench__free(directory);
        if (path == NULL || is_program(path))
            return path;
        bench__free(path);
        if (p[n] == '\0')
            return NULL;
        p += n + 1;
    }
}
