/*
 * Reads the list of another executable's benchmarks. Trusts nothing that it prints.
 */
#include "cli/listing.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "measure/clock.h"
#include "result/json.h"
#include "worker/worker.h"

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

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_SAID  512 /* bytes of its error output that are kept */

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

/* A program that was asked for its list. */
struct lister {
    pid_t pid;
    int fds[2]; /* its standard output and error */
    int64_t timeout_ns, deadline;
    struct bench__strbuf list;
    char said[MAX_SAID + 1]; /* the end of its error output */
    size_t n_said;
    int is_late, is_endless, status;
};

static int open_pipes(int out[2], int errors[2], bench_error *err) {
    if (pipe2(out, O_CLOEXEC) != 0) {
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot start it");
    }
    if (pipe2(errors, O_CLOEXEC) != 0) {
        const int code = bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot start it");
        close(out[0]);
        close(out[1]);
        return code;
    }
    return 0;
}

static int spawn(struct lister *l, const char *path, const int out[2], const int errors[2]) {
    char list[] = "--list", format[] = "--format", json[] = "json";
    char *program = bench__strdup(path);
    if (program == NULL) {
        return ENOMEM;
    }
    char *const argv[] = {program, list, format, json, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int code = posix_spawn(&l->pid, path, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    bench__free(program);
    return code;
}

static int start(struct lister *l, const char *path, bench_error *err) {
    int out[2], errors[2];
    int code = bench__start_timeout(&l->timeout_ns, err);
    code = code == 0 ? open_pipes(out, errors, err) : code;
    if (code != 0) {
        return code;
    }
    code = spawn(l, path, out, errors);
    close(out[1]);
    close(errors[1]);
    if (code != 0) {
        close(out[0]);
        close(errors[0]);
        return code == ENOMEM ? bench__error(err, BENCH_ENOMEM, "out of memory to start it")
                              : bench__error_sys(err, BENCH_ESYSTEM, code, "cannot be run");
    }
    l->fds[0] = out[0];
    l->fds[1] = errors[0];
    l->deadline = bench__monotonic_ns() + l->timeout_ns;
    return 0;
}

/* Keeps the end. */
static void add_said(struct lister *l, const char *text, size_t n) {
    const char *from = n > MAX_SAID ? text + n - MAX_SAID : text;
    n = n > MAX_SAID ? MAX_SAID : n;
    const size_t drop = l->n_said + n > MAX_SAID ? l->n_said + n - MAX_SAID : 0;
    memmove(l->said, l->said + drop, l->n_said - drop);
    memcpy(l->said + l->n_said - drop, from, n);
    l->n_said += n - drop;
    l->said[l->n_said] = '\0';
}

/* What one of its outputs has to say; a closed one becomes -1. */
static void take(struct lister *l, int which) {
    char chunk[65536];
    const ssize_t n = read(l->fds[which], chunk, sizeof chunk);
    if (n > 0 && which == 0) {
        bench__strbuf_addn(&l->list, chunk, (size_t)n);
        l->is_endless = l->list.n > MAX_BYTES;
    } else if (n > 0) {
        add_said(l, chunk, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(l->fds[which]);
        l->fds[which] = -1;
    }
}

/* Everything it prints until it closes its output; its errors, until then. */
static void read_all(struct lister *l) {
    while (l->fds[0] >= 0 && !l->is_endless && !l->is_late) {
        struct pollfd p[2] = {{.fd = l->fds[0], .events = POLLIN},
                              {.fd = l->fds[1], .events = POLLIN}};
        const int64_t left_ms = (l->deadline - bench__monotonic_ns()) / 1000000;
        l->is_late = left_ms < 0;
        const int n_ready = l->is_late ? 0 : poll(p, 2, (int)left_ms + 1);
        for (int i = 0; n_ready > 0 && i < 2; i++) {
            if (p[i].revents != 0) {
                take(l, i);
            }
        }
    }
}

/* One that closes its output may live on: it gets the rest of its time. */
static int has_ended(const struct lister *l) {
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)l->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (bench__monotonic_ns() > l->deadline) {
            return 0;
        }
        poll(NULL, 0, 1);
    }
    return 1;
}

static void finish(struct lister *l) {
    if (l->is_late || l->is_endless || !has_ended(l)) {
        l->is_late = !l->is_endless;
        kill(-l->pid, SIGKILL);
    }
    while (waitpid(l->pid, &l->status, 0) < 0 && errno == EINTR) {
    }
    if (l->fds[1] >= 0) {
        fcntl(l->fds[1], F_SETFL, O_NONBLOCK);
        take(l, 1);
    }
    for (int i = 0; i < 2; i++) {
        if (l->fds[i] >= 0) {
            close(l->fds[i]);
        }
    }
}

/* The last line of what it said, cut to a readable length; "" without. */
static const char *last_words(struct lister *l) {
    while (l->n_said > 0 && l->said[l->n_said - 1] == '\n') {
        l->said[--l->n_said] = '\0';
    }
    const char *line = strrchr(l->said, '\n');
    return line != NULL ? line + 1 : l->said;
}

/* Why there is no list. */
static int explain(struct lister *l, bench_error *err) {
    const char *words = last_words(l);
    const char *says = *words != '\0' ? "; it says: " : "";
    if (l->is_late) {
        return bench__error(err, BENCH_EFORMAT,
                            "does not list its benchmarks within %.3g s: does main() reach "
                            "bench_main()? BENCH_START_TIMEOUT gives it more time%s%.200s",
                            (double)l->timeout_ns * 1e-9, says, words);
    }
    if (WIFSIGNALED(l->status) && !l->is_endless) {
        const int number = WTERMSIG(l->status);
        return bench__error(err, BENCH_EFORMAT,
                            "was killed by signal %d (SIG%s) when asked for its benchmarks%s%.200s",
                            number, sigabbrev_np(number) != NULL ? sigabbrev_np(number) : "?", says,
                            words);
    }
    return bench__error(err, BENCH_EFORMAT,
                        "does not list benchmarks when asked with --list --format json: is it a "
                        "libbench executable?%s%.200s",
                        says, words);
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

/* Whatever stands before the list was printed by main(), or before it. */
static int refuse_talk(const char *text, bench_error *err) {
    const size_t n = strcspn(text, "\n");
    return text[strspn(text, " \t\r\n")] == '['
               ? 0
               : bench__error(err, BENCH_EFORMAT,
                              "prints something else than its list of benchmarks when asked for "
                              "it: '%.*s'; what stands before bench_main() must be silent",
                              n < 80 ? (int)n : 80, text);
}

static int read_list(struct bench__listing *out, const char *path, struct lister *l,
                     bench_error *err) {
    bench_error inner = {0};
    if (bench__strbuf_text(&l->list) == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for its list of benchmarks");
    }
    if (l->is_late || l->is_endless || !WIFEXITED(l->status) || WEXITSTATUS(l->status) != 0 ||
        l->list.n == 0) {
        return explain(l, err);
    }
    int code = refuse_talk(l->list.text, err);
    if (code != 0) {
        return code;
    }
    code = parse(out, path, &l->list, &inner);
    return code == 0 ? 0
                     : bench__error(err, code, "its list of benchmarks cannot be read: %.250s",
                                    inner.text);
}

int bench__listing_load(struct bench__listing *out, const char *path, bench_error *err) {
    struct lister l = {0};
    *out = (struct bench__listing){0};
    int code = start(&l, path, err);
    if (code == 0) {
        read_all(&l);
        finish(&l);
        code = read_list(out, path, &l, err);
    }
    bench__error_place(err, "%s", path);
    bench__strbuf_clear(&l.list);
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
