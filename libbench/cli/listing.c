/*
 * Reads the list of another executable's benchmarks. Trusts nothing that it prints.
 */
#include "cli/listing.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "measure/clock.h"
#include "result/json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_NS INT64_C(20000000000)
#define MAX_BYTES  ((size_t)64 << 20)

extern char **environ;

/* The x bit alone says nothing on file systems where every file has it. */
int bench__is_executable(const char *path) {
    struct stat status;
    char head[4] = {0};
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || access(path, X_OK) != 0) {
        return 0;
    }
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0) {
        close(fd);
    }
    return n >= 2 && (memcmp(head, "\177ELF", 4) == 0 || memcmp(head, "#!", 2) == 0);
}

static int start(pid_t *out_pid, int *out_fd, const char *path, bench_error *err) {
    char list[] = "--list", format[] = "--format", json[] = "json";
    char *program = bench__strdup(path);
    int fds[2];
    if (program == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory to start it");
    }
    if (pipe2(fds, O_CLOEXEC) != 0) {
        bench__free(program);
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot start it");
    }
    char *const argv[] = {program, list, format, json, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int code = posix_spawn(out_pid, path, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    bench__free(program);
    close(fds[1]);
    if (code != 0) {
        close(fds[0]);
        return bench__error_sys(err, BENCH_ESYSTEM, code, "cannot be run");
    }
    *out_fd = fds[0];
    return 0;
}

/* Everything it prints until it closes its output. @return 0, or -1 when it takes too long or talks
 * too much. */
static int read_all(int fd, struct bench__strbuf *text, int64_t deadline) {
    char chunk[65536];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = (deadline - bench__monotonic_ns()) / 1000000;
        if (left_ms < 0 || text->n > MAX_BYTES) {
            return -1;
        }
        if (poll(&p, 1, (int)left_ms) <= 0) {
            continue;
        }
        const ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return (int)n;
        }
        bench__strbuf_addn(text, chunk, (size_t)n);
    }
}

/* One that closes its output may live on: it gets the rest of its time. */
static int has_ended(pid_t pid, int64_t deadline) {
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
        if (bench__monotonic_ns() > deadline) {
            return 0;
        }
        poll(NULL, 0, 1);
    }
    return 1;
}

static int read_param(bench_param *param, const struct bench__json *item) {
    const struct bench__json name = bench__json_get(item, "name");
    const struct bench__json value = bench__json_get(item, "value");
    const char *text;
    int code = bench__json_read_name(&text, &name);
    if (code != 0) {
        return code;
    }
    param->name = bench__strdup(text);
    if (bench__json_is_text(&value)) {
        code = bench__json_read_name(&text, &value);
        param->text = code == 0 ? bench__strdup(text) : NULL;
    } else {
        struct bench__strbuf number;
        bench__strbuf_init(&number);
        code = bench__json_read_i64(&param->i64, &value);
        bench__strbuf_addf(&number, "%lld", (long long)param->i64);
        param->is_i64 = 1;
        param->text = bench__strbuf_steal(&number);
    }
    return code != 0 ? code : param->name != NULL && param->text != NULL ? 0 : BENCH_ENOMEM;
}

static int read_field(char **out, const struct bench__json *item, const char *key) {
    const struct bench__json value = bench__json_get(item, key);
    const char *text;
    const int code = bench__json_read_name(&text, &value);
    if (code != 0) {
        return code;
    }
    *out = bench__strdup(text);
    return *out != NULL ? 0 : BENCH_ENOMEM;
}

/* NAN when it is not there. */
static int read_amount(double *out, const struct bench__json *item, const char *key) {
    const struct bench__json value = bench__json_get(item, key);
    *out = NAN;
    return bench__json_absent(&value) ? 0 : bench__json_read_double(out, &value);
}

/* Executables of older versions say nothing. */
static int read_code(struct bench__code_roots *out, const struct bench__json *item) {
    const struct bench__json code = bench__json_get(item, "code");
    if (bench__json_absent(&code)) {
        return 0;
    }
    int status = bench__json_expect_object(&code);
    for (size_t i = 0; status == 0 && i < BENCH__CODE_N_ROLES; i++) {
        const struct bench__json at = bench__json_get(&code, bench__code_role_names[i]);
        status = bench__json_absent(&at) ? 0 : bench__json_read_u64(&out->at[i], &at);
    }
    return status;
}

static int read_item(struct bench__listed *out, const struct bench__json *item) {
    const struct bench__json params = bench__json_get(item, "params");
    int code = read_field(&out->name, item, "name");
    code = code != 0 ? code : read_field(&out->suite, item, "suite");
    code = code != 0 ? code : read_field(&out->group, item, "group");
    code = code != 0 ? code : read_field(&out->function, item, "function");
    code = code != 0 ? code : read_amount(&out->bytes_per_iteration, item, "bytes_per_iteration");
    code = code != 0 ? code
                     : read_amount(&out->elements_per_iteration, item, "elements_per_iteration");
    code = code != 0 ? code : read_code(&out->code, item);
    const size_t n = bench__json_length(&params);
    out->params = code == 0 ? bench__alloc(n, sizeof *out->params) : NULL;
    if (code == 0 && out->params == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; code == 0 && i < n; i++) {
        const struct bench__json param = bench__json_at(&params, i);
        out->n_params = i + 1;
        code = read_param(&out->params[i], &param);
    }
    return code;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct bench__listed *)a)->name, ((const struct bench__listed *)b)->name);
}

static int parse(struct bench__listing *out, const char *path, const struct bench__strbuf *text,
                 bench_error *err) {
    struct bench__json_doc doc;
    int code = bench__json_parse(&doc, path, 1, text->text, text->n, err);
    if (code != 0) {
        return code;
    }
    const struct bench__json root = bench__json_root(&doc);
    code = bench__json_expect_array(&root);
    const size_t n = bench__json_length(&root);
    out->items = code == 0 ? bench__alloc(n, sizeof *out->items) : NULL;
    code = code == 0 && out->items == NULL ? BENCH_ENOMEM : code;
    for (size_t i = 0; code == 0 && i < n; i++) {
        const struct bench__json item = bench__json_at(&root, i);
        out->n = i + 1;
        code = read_item(&out->items[i], &item);
    }
    bench__json_clear(&doc);
    if (code == BENCH_ENOMEM) {
        bench__error(err, code, "out of memory for its list of benchmarks");
    }
    if (code == 0) {
        qsort(out->items, out->n, sizeof *out->items, by_name);
    }
    return code;
}

int bench__listing_load(struct bench__listing *out, const char *path, bench_error *err) {
    struct bench__strbuf text;
    pid_t pid;
    int fd = -1, status = 0;
    *out = (struct bench__listing){0};
    int code = start(&pid, &fd, path, err);
    if (code != 0) {
        bench__error_place(err, "%s", path);
        return code;
    }
    bench__strbuf_init(&text);
    const int64_t deadline = bench__monotonic_ns() + TIMEOUT_NS;
    const int is_whole = read_all(fd, &text, deadline) == 0;
    close(fd);
    if (!is_whole || !has_ended(pid, deadline)) {
        kill(-pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (bench__strbuf_text(&text) == NULL) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory for its list of benchmarks");
    } else if (!is_whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || text.n == 0) {
        code =
            bench__error(err, BENCH_EFORMAT,
                         "does not list benchmarks when asked with --list --format json: is it a "
                         "libbench executable?");
    } else {
        bench_error inner = {0};
        code = parse(out, path, &text, &inner);
        if (code != 0) {
            bench__error(err, code, "its list of benchmarks cannot be read: %.250s", inner.text);
        }
    }
    bench__error_place(err, "%s", path);
    bench__strbuf_clear(&text);
    if (code != 0) {
        bench__listing_clear(out);
    }
    return code;
}

void bench__listing_clear(struct bench__listing *listing) {
    for (size_t i = 0; i < listing->n; i++) {
        struct bench__listed *item = &listing->items[i];
        for (size_t k = 0; k < item->n_params; k++) {
            bench__free(item->params[k].name);
            bench__free(item->params[k].text);
        }
        bench__free(item->params);
        bench__free(item->name);
        bench__free(item->suite);
        bench__free(item->group);
        bench__free(item->function);
    }
    bench__free(listing->items);
    *listing = (struct bench__listing){0};
}

const struct bench__listed *bench__listing_find(const struct bench__listing *listing,
                                                const char *name) {
    size_t low = 0, high = listing->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = strcmp(listing->items[middle].name, name);
        if (order == 0) {
            return &listing->items[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}
