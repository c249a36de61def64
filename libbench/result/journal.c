/*
 * The journal's file: appending whole lines, and taking them back in. Launches and readings have
 * the fields of a results file; which of them still count is for the runner to say.
 */
#include "result/journal.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "measure/host.h"
#include "result/model.h"
#include "result/result_fields.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_RUN_NS (366 * 24 * 3600e9)
struct bench__journal {
    int fd;
    char *path;
    off_t size;       /* of the whole lines */
    time_t synced_at; /* monotonic seconds */
};

static const struct bench__field header_fields[] = {
    BENCH__CUSTOM("executable", bench__executable_write, bench__executable_read),
    {BENCH__FIELD(INT, "format_version", bench_run, format_version)},
    {BENCH__FIELD(BUFFER, "git_branch", bench_run, git_branch),
     .size = sizeof((bench_run *)0)->git_branch},
    {BENCH__FIELD(BUFFER, "git_commit", bench_run, git_commit),
     .size = sizeof((bench_run *)0)->git_commit},
    {BENCH__FIELD(OBJECT, "host", bench_run, host), .fields = &bench__host_fields},
    {BENCH__FIELD(SEED, "seed", bench_run, seed)},
    {BENCH__FIELD(BUFFER, "timestamp", bench_run, timestamp),
     .size = sizeof((bench_run *)0)->timestamp},
};
static const struct bench__fields header_table = BENCH__FIELDS(header_fields);

/* ---- the file -------------------------------------------------------------------------------- */

static int file_error(const struct bench__journal *j, int code, const char *what,
                      bench_error *err) {
    bench__error_sys(err, code, errno, "%s", what);
    bench__error_place(err, "%.270s", j->path);
    return code;
}

static void journal_free(struct bench__journal *j) {
    if (j->fd >= 0) {
        close(j->fd);
    }
    bench__free(j->path);
    bench__free(j);
}

static int journal_open(struct bench__journal **out, const char *path, int flags,
                        bench_error *err) {
    struct bench__journal *j = bench__alloc(1, sizeof *j);
    struct stat status;
    int rc = 0;
    if (j == NULL || (j->path = bench__strdup(path)) == NULL) {
        bench__free(j);
        return bench__error(err, BENCH_ENOMEM, "out of memory for a journal");
    }
    j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0644);
    if (j->fd < 0) {
        rc = file_error(j, errno == ENOENT ? BENCH_ENOTFOUND : BENCH_EIO, "cannot be opened", err);
    } else if (flock(j->fd, LOCK_EX | LOCK_NB) != 0) {
        rc = file_error(j, BENCH_ESYSTEM, "is in use by another run", err);
    } else if (fstat(j->fd, &status) != 0) {
        rc = file_error(j, BENCH_EIO, "cannot be read", err);
    }
    if (rc != 0) {
        journal_free(j);
        return rc;
    }
    j->size = status.st_size;
    *out = j;
    return 0;
}

static time_t monotonic_seconds(void) {
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? now.tv_sec : 0;
}

static int journal_sync(struct bench__journal *j, bench_error *err) {
    j->synced_at = monotonic_seconds();
    return fdatasync(j->fd) == 0 ? 0 : file_error(j, BENCH_EIO, "cannot be synced", err);
}

/* All of it, or nothing: half a line in the middle of a journal would make it unreadable. */
static int append(struct bench__journal *j, const char *text, size_t n, bench_error *err) {
    for (size_t done = 0; done < n;) {
        const ssize_t written = write(j->fd, text + done, n - done);
        if (written < 0 && errno != EINTR) {
            const int sys_errno = errno, is_whole = ftruncate(j->fd, j->size) == 0;
            errno = sys_errno;
            return file_error(j, BENCH_EIO,
                              is_whole ? "cannot be written"
                                       : "cannot be written, and now ends in half a line",
                              err);
        }
        done += written > 0 ? (size_t)written : 0;
    }
    j->size += (off_t)n;
    return monotonic_seconds() != j->synced_at ? journal_sync(j, err) : 0;
}

/* Appends what was written into `line`, and frees it. */
static int append_line(struct bench__journal *j, struct bench__strbuf *line, bench_error *err) {
    const int rc = bench__strbuf_text(line) != NULL
                       ? append(j, line->text, line->n, err)
                       : bench__error(err, BENCH_ENOMEM, "out of memory for a line of the journal");
    bench__strbuf_clear(line);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A line to write into: its buffer, writer and context in one. */
struct line {
    struct bench__strbuf text;
    struct bench__json_writer w;
    struct bench__write_context context;
};

static void line_open(struct line *line) {
    bench__strbuf_init(&line->text);
    bench__json_writer_init(&line->w, &line->text);
    line->context = (struct bench__write_context){.w = &line->w, .with_samples = 1};
    bench__json_object_open(&line->w, NULL, BENCH__JSON_LINE);
}

static void line_add(struct line *line, const char *key, const struct bench__fields *fields,
                     const void *owner) {
    bench__json_object_open(&line->w, key, BENCH__JSON_LINE);
    bench__fields_write(&line->context, fields, owner);
    bench__json_object_close(&line->w);
}

static int line_close(struct line *line, struct bench__journal *j, bench_error *err) {
    bench__json_object_close(&line->w);
    return append_line(j, &line->text, err);
}

static int write_header(struct bench__journal *j, const bench_run *run, const char *digest,
                        bench_error *err) {
    struct line line;
    line_open(&line);
    bench__json_add_text(&line.w, "digest", digest);
    bench__fields_write(&line.context, &header_table, run);
    return line_close(&line, j, err);
}

int bench__journal_create(struct bench__journal **out, const char *path, const bench_run *run,
                          const char *plan_digest, bench_error *err) {
    struct bench__journal *j = NULL;
    *out = NULL;
    int rc = journal_open(&j, path, O_CREAT, err);
    if (rc != 0) {
        return rc;
    }
    if (j->size > 0) {
        rc = bench__error(err, BENCH_EEXIST, "exists already and is not empty");
        bench__error_place(err, "%.270s", path);
    } else {
        rc = write_header(j, run, plan_digest, err);
    }
    if (rc != 0) {
        journal_free(j);
        return rc;
    }
    *out = j;
    return 0;
}

int bench__journal_launch(struct bench__journal *j, const char *benchmark,
                          const bench_launch *launch, bench_error *err) {
    struct line line;
    line_open(&line);
    bench__json_add_text(&line.w, "benchmark", benchmark);
    line_add(&line, "launch", &bench__launch_fields, launch);
    return line_close(&line, j, err);
}

int bench__journal_calibration(struct bench__journal *j, const bench_calibration *c,
                               bench_error *err) {
    struct line line;
    line_open(&line);
    line_add(&line, "calibration", &bench__calibration_fields, c);
    return line_close(&line, j, err);
}

int bench__journal_close(struct bench__journal *j, bench_error *err) {
    if (j == NULL) {
        return 0;
    }
    const int rc = journal_sync(j, err);
    journal_free(j);
    return rc;
}

/* ---- resuming -------------------------------------------------------------------------------- */

/* A launch as it was found, until it is known where it belongs. */
struct found {
    char *benchmark;
    size_t line;
    bench_launch launch;
};

struct resuming {
    const char *path, *digest;
    bench_run *run;
    struct found *found;
    size_t n_found, capacity;
};

static void resuming_clear(struct resuming *r) {
    for (size_t i = 0; i < r->n_found; i++) {
        bench__free(r->found[i].benchmark);
        bench__launch_clear(&r->found[i].launch);
    }
    bench__free(r->found);
}

static int other_run(const struct resuming *r, const char *what, const char *difference,
                     bench_error *err) {
    bench__error(err, BENCH_EINVAL, "is of another run: %s%s", what, difference);
    bench__error_place(err, "%.270s", r->path);
    return BENCH_EINVAL;
}

static int check_header(const struct resuming *r, const bench_run *theirs, const char *digest,
                        bench_error *err) {
    char differences[300];
    if (strcmp(digest, r->digest) != 0) {
        return other_run(r, "other benchmarks or options were chosen", "", err);
    }
    if (bench__host_differences(&r->run->host, &theirs->host, differences, sizeof differences) >
        0) {
        return other_run(r, "", differences, err);
    }
    if (strcmp(r->run->git_commit, theirs->git_commit) != 0) {
        return other_run(r, "its git commit is ", theirs->git_commit, err);
    }
    if (r->run->executable_id[0] != '\0' && theirs->executable_id[0] != '\0' &&
        strcmp(r->run->executable_id, theirs->executable_id) != 0) {
        return other_run(r, "it was measured with another build of the executable", "", err);
    }
    bench__run_join_executable(r->run, theirs);
    r->run->seed = theirs->seed;
    memcpy(r->run->timestamp, theirs->timestamp, sizeof theirs->timestamp);
    return 0;
}

static int read_header(const struct resuming *r, const struct bench__json *root) {
    bench_error *err = root->doc->err;
    const struct bench__json digest = bench__json_get(root, "digest");
    const char *text = NULL;
    bench_run *theirs = bench__run_new();
    int rc = theirs != NULL ? bench__json_check_version(root, BENCH__FORMAT_VERSION)
                            : bench__json_no_memory(root);
    if (rc == 0) {
        rc = bench__json_read_text(&text, &digest);
    }
    if (rc == 0) {
        rc = bench__fields_read(&header_table, theirs, root);
    }
    if (rc == 0) {
        rc = check_header(r, theirs, text, err);
    }
    bench_run_free(theirs);
    return rc;
}

static int read_launch(struct resuming *r, const struct bench__json *name,
                       const struct bench__json *root) {
    const struct bench__json launch = bench__json_get(root, "launch");
    const struct bench__json n_samples = bench__json_get(&launch, "n_samples");
    const char *text = NULL;
    int rc = bench__json_read_name(&text, name);
    if (rc == 0) {
        rc = bench__json_expect_object(&launch);
    }
    if (rc == 0 && bench__json_absent(&n_samples)) {
        rc = bench__json_error(&n_samples, "is missing");
    }
    if (rc != 0) {
        return rc;
    }
    if (bench__grow(&r->found, &r->capacity, r->n_found + 1, sizeof *r->found) != 0) {
        return bench__json_no_memory(root);
    }
    struct found *found = &r->found[r->n_found++];
    *found = (struct found){.line = root->doc->first_line};
    bench__launch_init(&found->launch);
    rc = bench__text_copy(&found->benchmark, text, name);
    return rc != 0 ? rc : bench__fields_read(&bench__launch_fields, &found->launch, &launch);
}

static int read_line(struct resuming *r, const struct bench__json *root) {
    const struct bench__json benchmark = bench__json_get(root, "benchmark");
    const struct bench__json calibration = bench__json_get(root, "calibration");
    if (root->doc->first_line == 1) {
        return read_header(r, root);
    }
    if (!bench__json_absent(&benchmark)) {
        return read_launch(r, &benchmark, root);
    }
    if (bench__json_absent(&calibration)) {
        return bench__json_error(root, "is neither a launch nor a calibration reading");
    }
    bench_calibration *reading = bench__run_add_calibration(r->run);
    return reading != NULL ? bench__fields_read(&bench__calibration_fields, reading, &calibration)
                           : bench__json_no_memory(root);
}

/* Reads the lines of a text, which it cuts up. *out_size is where the whole lines end: the last one
 * is dropped when it has no end, or is no JSON. */
static int read_lines(struct resuming *r, char *text, size_t n, off_t *out_size, bench_error *err) {
    size_t line = 1;
    *out_size = 0;
    for (char *p = text, *end; (end = memchr(p, '\n', n - (size_t)(p - text))) != NULL; line++) {
        const int is_last = (size_t)(end + 1 - text) == n;
        struct bench__json_doc doc;
        bench_error why = {0};
        *end = '\0';
        int rc = bench__json_parse(&doc, r->path, line, p, (size_t)(end - p), &why);
        if (rc == BENCH_EFORMAT && is_last && line > 1) {
            return 0;
        }
        if (rc == 0) {
            const struct bench__json root = bench__json_root(&doc);
            doc.err = &why;
            rc = read_line(r, &root);
            bench__json_clear(&doc);
        }
        if (rc != 0) {
            bench__error(err, rc, "%s", why.text);
            bench__error_place(err, "%s", why.place);
            return rc;
        }
        p = end + 1;
        *out_size = (off_t)(p - text);
    }
    if (line == 1) {
        bench__error(err, BENCH_EFORMAT,
                     n == 0 ? "is empty" : "has no whole line: nothing to resume");
        bench__error_place(err, "%s:1", r->path);
        return BENCH_EFORMAT;
    }
    return 0;
}

static int same_launch(const struct found *a, const struct found *b) {
    return strcmp(a->benchmark, b->benchmark) == 0 && a->launch.index == b->launch.index;
}

static int by_benchmark(const void *a, const void *b) {
    const struct found *x = a, *y = b;
    const int order = strcmp(x->benchmark, y->benchmark);
    if (order != 0 || x->launch.index != y->launch.index) {
        return order != 0 ? order : x->launch.index > y->launch.index ? 1 : -1;
    }
    return (x->line > y->line) - (x->line < y->line);
}

struct named {
    const char *name;
    size_t index;
};

static int by_name(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int check_found(const struct resuming *r, size_t i, bench_error *err) {
    const struct found *found = &r->found[i];
    const int calibration = found->launch.calibration;
    const char *what = NULL;
    if (i > 0 && same_launch(&r->found[i - 1], found)) {
        what = "is there twice";
    } else if (calibration >= 0 && (size_t)calibration >= r->run->n_calibrations) {
        what = "names a calibration reading that is not there";
    }
    if (what == NULL) {
        return 0;
    }
    bench__error(err, BENCH_EFORMAT, "launch %u of %.100s %s", found->launch.index,
                 found->benchmark, what);
    bench__error_place(err, "%s:%zu", r->path, found->line);
    return BENCH_EFORMAT;
}

/* The benchmarks of the plan by name, to be found in; their order in the run stays. */
static struct named *sorted_names(const bench_run *run) {
    struct named *names = bench__alloc(run->n_results, sizeof *names);
    for (size_t i = 0; i < run->n_results && names != NULL; i++) {
        names[i] = (struct named){run->results[i].name, i};
    }
    if (names != NULL) {
        qsort(names, run->n_results, sizeof *names, by_name);
    }
    return names;
}

/* Index of the benchmark of that name, added when the plan has none; -1 without memory. */
static ptrdiff_t find_or_add(bench_run *run, const struct named *names, size_t n_names,
                             const char *name) {
    const struct named key = {.name = name};
    const struct named *known = bsearch(&key, names, n_names, sizeof *names, by_name);
    if (known != NULL) {
        return (ptrdiff_t)known->index;
    }
    bench_result *result = bench__run_add_result(run);
    if (result == NULL || (result->name = bench__strdup(name)) == NULL) {
        return -1;
    }
    return (ptrdiff_t)run->n_results - 1;
}

static int place_launches(struct resuming *r, bench_error *err) {
    const size_t n_names = r->run->n_results;
    struct named *names = sorted_names(r->run);
    ptrdiff_t at = names != NULL ? 0 : -1;
    int rc = 0;
    if (r->n_found > 0) {
        qsort(r->found, r->n_found, sizeof *r->found, by_benchmark);
    }
    for (size_t i = 0; i < r->n_found && rc == 0 && at >= 0; i++) {
        struct found *found = &r->found[i];
        if (i == 0 || strcmp(r->found[i - 1].benchmark, found->benchmark) != 0) {
            at = find_or_add(r->run, names, n_names, found->benchmark);
        }
        rc = check_found(r, i, err);
        if (rc == 0 && at >= 0) {
            bench_launch *launch = bench__result_add_launch(&r->run->results[at]);
            at = launch != NULL ? at : -1;
            if (launch != NULL) {
                *launch = found->launch;
                const uint32_t index = launch->index;
                bench__launch_init(&found->launch); /* it owns nothing any more */
                found->launch.index = index;        /* the next one is compared with it */
            }
        }
    }
    bench__free(names);
    return at >= 0 ? rc : bench__error(err, BENCH_ENOMEM, "out of memory resuming a journal");
}

static int read_journal(struct bench__journal *j, struct resuming *r, bench_error *err) {
    char *text = NULL;
    size_t n = 0;
    off_t size = 0;
    int rc = bench__read_file(&text, &n, r->path, 0, err);
    if (rc == 0) {
        rc = read_lines(r, text, n, &size, err);
    }
    bench__free(text);
    if (rc == 0) {
        rc = place_launches(r, err);
    }
    if (rc == 0 && bench__run_last_ns(r->run) > LONGEST_RUN_NS) {
        rc = bench__error(err, BENCH_EFORMAT, "is of a run that has taken more than a year");
        bench__error_place(err, "%.270s", r->path);
    }
    if (rc == 0 && size != j->size && ftruncate(j->fd, size) != 0) {
        rc = file_error(j, BENCH_EIO, "cannot be cut after its last whole line", err);
    }
    j->size = size;
    return rc;
}

int bench__journal_resume(struct bench__journal **out, const char *path, bench_run *run,
                          const char *plan_digest, bench_error *err) {
    struct resuming r = {.path = path, .digest = plan_digest, .run = run};
    struct bench__journal *j = NULL;
    *out = NULL;
    int rc = journal_open(&j, path, 0, err);
    if (rc != 0) {
        return rc;
    }
    rc = read_journal(j, &r, err);
    resuming_clear(&r);
    if (rc != 0) {
        journal_free(j);
        return rc;
    }
    *out = j;
    return 0;
}
