/*
 * The file of a noise record: its fields, and how it is changed by several processes. What the
 * figures mean is in noise_record.h.
 */
#include "local/noise_file.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "result/fields.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DAMAGED = 9 };

/* ---- fields -----------------------------------------------------------------------------------
 */

#define COLUMN(type, name_, owner, member)                                                         \
    { BENCH__FIELD(type, name_, owner, member), .in_baseline = 1 }
#define SEED(owner) COLUMN(SEED, "seed", owner, key.seed)
#define TIMESTAMP(owner)                                                                           \
    {                                                                                              \
        BENCH__FIELD(BUFFER, "timestamp", owner, key.timestamp),                                   \
            .in_baseline = 1, .size = BENCH__NOISE_TIMESTAMP_SIZE                                  \
    }

static const struct bench__field run_fields[] = {
    COLUMN(AMOUNT, "error", struct bench__noise_run, error),
    COLUMN(INT, "executable", struct bench__noise_run, executable),
    COLUMN(AMOUNT, "launch_sd", struct bench__noise_run, launch_sd),
    COLUMN(INT, "n_launches", struct bench__noise_run, n_launches),
    SEED(struct bench__noise_run),
    COLUMN(AMOUNT, "time_ns", struct bench__noise_run, time_ns),
    TIMESTAMP(struct bench__noise_run),
};
static const struct bench__fields run_columns = BENCH__FIELDS(run_fields);

static const struct bench__field floor_fields[] = {
    COLUMN(AMOUNT, "sd", struct bench__noise_floor, sd),
    SEED(struct bench__noise_floor),
    TIMESTAMP(struct bench__noise_floor),
};
static const struct bench__fields floor_columns = BENCH__FIELDS(floor_fields);

#define KERNEL(name, kernel)                                                                       \
    COLUMN(AMOUNT, name, struct bench__noise_calibration, ns[BENCH_KERNEL_##kernel])
static const struct bench__field calibration_fields[] = {
    KERNEL("add", ADD),
    KERNEL("branch", BRANCH),
    KERNEL("copy", COPY),
    KERNEL("l1", L1),
    KERNEL("l2", L2),
    KERNEL("l3", L3),
    KERNEL("memory", MEMORY),
    KERNEL("multiply", MULTIPLY),
    SEED(struct bench__noise_calibration),
    KERNEL("syscall", SYSCALL),
    TIMESTAMP(struct bench__noise_calibration),
};
static const struct bench__fields calibration_columns = BENCH__FIELDS(calibration_fields);

/* ---- writing ----------------------------------------------------------------------------------
 */

static void add_benchmark(const struct bench__write_context *context,
                          const struct bench__noise_benchmark *b) {
    bench__json_object_open(context->w, NULL, BENCH__JSON_BLOCK);
    bench__columns_write(context, "floors", &floor_columns, b->floors, sizeof *b->floors,
                         b->n_floors, NULL);
    bench__json_add_text(context->w, "name", b->name);
    bench__columns_write(context, "runs", &run_columns, b->runs, sizeof *b->runs, b->n_runs, NULL);
    bench__json_object_close(context->w);
}

void bench__noise_print(struct bench__strbuf *out, const struct bench__noise_record *record) {
    struct bench__json_writer w;
    const struct bench__write_context context = {.w = &w, .with_samples = 1};
    bench__json_writer_init(&w, out);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "benchmarks", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < record->n_benchmarks; i++) {
        add_benchmark(&context, &record->benchmarks[i]);
    }
    bench__json_array_close(&w);
    bench__columns_write(&context, "calibrations", &calibration_columns, record->calibrations,
                         sizeof *record->calibrations, record->n_calibrations, NULL);
    bench__json_array_open(&w, "executables", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < record->n_executables; i++) {
        bench__json_add_text(&w, NULL, record->executables[i]);
    }
    bench__json_array_close(&w);
    bench__json_add_i64(&w, "format_version", BENCH__NOISE_FORMAT_VERSION);
    bench__json_add_text(&w, "machine", record->machine);
    bench__json_object_close(&w);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Rows of a table by columns: as many as there are time stamps. */
static int count_rows(size_t *out, const struct bench__json *table) {
    int rc = bench__json_expect_object(table);
    if (rc == 0) {
        const struct bench__json column = bench__json_get(table, "timestamp");
        rc = bench__json_expect_array(&column);
        *out = bench__json_length(&column);
    }
    return rc;
}

/* Every row has a time stamp, and they rise: each run stands there once. Rows begin with it. */
static int check_keys(const struct bench__json *table, const void *rows, size_t stride, size_t n) {
    const struct bench__json column = bench__json_get(table, "timestamp");
    const struct bench__noise_key nothing = {.seed = 0}, *before = &nothing;
    for (size_t i = 0; i < n; i++) {
        const void *row = (const char *)rows + i * stride;
        const struct bench__noise_key *key = row;
        const struct bench__json value = bench__json_at(&column, i);
        if (key->timestamp[0] == '\0') {
            return bench__json_error(&value, "is missing");
        }
        if (bench__noise_key_order(before, key) >= 0) {
            return bench__json_error(&value, "is not later than the one before");
        }
        before = key;
    }
    return 0;
}

static int read_rows(const struct bench__fields *columns, void *rows, size_t stride, size_t n,
                     const struct bench__json *table) {
    const int rc = bench__columns_read(columns, rows, stride, n, table);
    return rc != 0 ? rc : check_keys(table, rows, stride, n);
}

static int check_runs(const struct bench__noise_benchmark *b, size_t n_executables,
                      const struct bench__json *table) {
    const struct bench__json times = bench__json_get(table, "time_ns");
    const struct bench__json executables = bench__json_get(table, "executable");
    for (size_t i = 0; i < b->n_runs; i++) {
        if (!(b->runs[i].time_ns > 0)) {
            const struct bench__json value = bench__json_at(&times, i);
            return bench__json_error(&value, "must be above 0");
        }
        if (b->runs[i].executable >= 0 && (size_t)b->runs[i].executable >= n_executables) {
            const struct bench__json value = bench__json_at(&executables, i);
            return bench__json_error(&value, "names executable %d of %zu", b->runs[i].executable,
                                     n_executables);
        }
    }
    return 0;
}

static int read_runs(struct bench__noise_benchmark *b, size_t n_executables,
                     const struct bench__json *table) {
    size_t n = 0;
    int rc = count_rows(&n, table);
    if (rc == 0 && bench__grow(&b->runs, &b->runs_capacity, n, sizeof *b->runs) != 0) {
        rc = bench__json_no_memory(table);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        bench__noise_run_init(&b->runs[i]);
    }
    if (rc == 0) {
        rc = read_rows(&run_columns, b->runs, sizeof *b->runs, n, table);
    }
    b->n_runs = rc == 0 ? n : 0;
    return rc != 0 ? rc : check_runs(b, n_executables, table);
}

static int read_floors(struct bench__noise_benchmark *b, const struct bench__json *table) {
    size_t n = 0;
    if (bench__json_absent(table)) {
        return 0;
    }
    int rc = count_rows(&n, table);
    if (rc == 0 && bench__grow(&b->floors, &b->floors_capacity, n, sizeof *b->floors) != 0) {
        rc = bench__json_no_memory(table);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        b->floors[i].sd = NAN;
    }
    if (rc == 0) {
        rc = read_rows(&floor_columns, b->floors, sizeof *b->floors, n, table);
    }
    const struct bench__json sds = bench__json_get(table, "sd");
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct bench__json value = bench__json_at(&sds, i);
        rc = isnan(b->floors[i].sd) ? bench__json_error(&value, "is missing") : 0;
    }
    b->n_floors = rc == 0 ? n : 0;
    return rc;
}

static int read_benchmark(struct bench__noise_record *record, const struct bench__json *object) {
    const char *name = NULL;
    int rc = bench__json_expect_object(object);
    const struct bench__json name_field = bench__json_get(object, "name");
    if (rc == 0) {
        rc = bench__json_read_name(&name, &name_field);
    }
    if (rc == 0 && name[0] == '\0') {
        rc = bench__json_error(&name_field, "is empty");
    }
    if (rc == 0 && record->n_benchmarks > 0 &&
        strcmp(record->benchmarks[record->n_benchmarks - 1].name, name) >= 0) {
        rc = bench__json_error(&name_field, "does not follow the name before: they are sorted");
    }
    if (rc != 0) {
        return rc;
    }
    struct bench__noise_benchmark *b = bench__noise_append(record, name);
    if (b == NULL) {
        return bench__json_no_memory(object);
    }
    const struct bench__json runs = bench__json_get(object, "runs");
    const struct bench__json floors = bench__json_get(object, "floors");
    rc = read_runs(b, record->n_executables, &runs);
    return rc != 0 ? rc : read_floors(b, &floors);
}

static int read_calibrations(struct bench__noise_record *record, const struct bench__json *table) {
    size_t n = 0;
    if (bench__json_absent(table)) {
        return 0;
    }
    int rc = count_rows(&n, table);
    if (rc == 0 && bench__grow(&record->calibrations, &record->calibrations_capacity, n,
                               sizeof *record->calibrations) != 0) {
        rc = bench__json_no_memory(table);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        for (size_t k = 0; k < BENCH_N_KERNELS; k++) {
            record->calibrations[i].ns[k] = NAN;
        }
    }
    if (rc == 0) {
        rc = read_rows(&calibration_columns, record->calibrations, sizeof *record->calibrations, n,
                       table);
    }
    record->n_calibrations = rc == 0 ? n : 0;
    return rc;
}

static int read_executables(struct bench__noise_record *record, const struct bench__json *array) {
    int rc = bench__json_absent(array) ? 0 : bench__json_expect_array(array);
    const size_t n = bench__json_length(array);
    if (rc == 0 && bench__grow(&record->executables, &record->executables_capacity, n,
                               sizeof *record->executables) != 0) {
        rc = bench__json_no_memory(array);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct bench__json value = bench__json_at(array, i);
        const char *id = NULL;
        rc = bench__json_read_name(&id, &value);
        if (rc == 0) {
            rc = bench__text_copy(&record->executables[i], id, &value);
            record->n_executables += rc == 0;
        }
    }
    return rc;
}

static int read_record(struct bench__noise_record *record, const struct bench__json *root) {
    const struct bench__json machine = bench__json_get(root, "machine");
    const struct bench__json executables = bench__json_get(root, "executables");
    const struct bench__json calibrations = bench__json_get(root, "calibrations");
    const struct bench__json benchmarks = bench__json_get(root, "benchmarks");
    const char *text = NULL;
    int rc = bench__json_check_version(root, BENCH__NOISE_FORMAT_VERSION);
    if (rc == 0) {
        rc = bench__json_read_name(&text, &machine);
    }
    if (rc == 0 && strcmp(text, record->machine) != 0) {
        rc = bench__json_error(&machine, "is \"%.60s\", another machine", text);
    }
    if (rc == 0) {
        rc = read_executables(record, &executables);
    }
    if (rc == 0) {
        rc = read_calibrations(record, &calibrations);
    }
    if (rc == 0) {
        rc = bench__json_expect_array(&benchmarks);
    }
    for (size_t i = 0; rc == 0 && i < bench__json_length(&benchmarks); i++) {
        const struct bench__json at = bench__json_at(&benchmarks, i);
        rc = read_benchmark(record, &at);
    }
    if (rc == 0) {
        bench__noise_settle(record);
    }
    return rc;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for the noise record");
}

/* DIR/noise/CLASS.json; NULL without memory. */
static char *path_of(const char *state_dir, const char *machine) {
    char name[128];
    snprintf(name, sizeof name, "noise/%s.json", machine);
    return bench__path_join(state_dir, name);
}

static int load(struct bench__noise_record *out, const char *path, const char *machine,
                bench_error *err) {
    struct bench__json_doc doc;
    bench_error found = {0};
    char *text = NULL;
    size_t n = 0;
    bench__noise_init(out, machine);
    int rc = bench__read_file(&text, &n, path, 0, &found);
    if (rc == BENCH_ENOTFOUND) {
        return 0;
    }
    if (rc == 0) {
        rc = bench__json_parse(&doc, path, 1, text, n, &found);
    }
    if (rc == 0) {
        const struct bench__json root = bench__json_root(&doc);
        rc = read_record(out, &root);
        bench__json_clear(&doc);
    }
    bench__free(text);
    if (rc != 0) {
        bench__noise_clear(out);
        bench__error(err, rc, "%s", found.text);
        bench__error_place(err, "%s", found.place);
    }
    return rc;
}

int bench__noise_load(struct bench__noise_record *out, const char *state_dir, const char *machine,
                      bench_error *err) {
    char *path = path_of(state_dir, machine);
    bench__noise_init(out, machine);
    const int rc = path != NULL ? load(out, path, machine, err) : no_memory(err);
    bench__free(path);
    return rc;
}

/* Renames a damaged file to the first of CLASS.json.damaged, .damaged-2, ... that is free. */
static int put_aside(const char *path, const bench_error *damage, bench_error *note,
                     bench_error *err) {
    char aside[PATH_MAX];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    for (int i = 2; i <= MAX_DAMAGED && bench__file_exists(aside); i++) {
        snprintf(aside, sizeof aside, "%s.damaged-%d", path, i);
    }
    if (bench__file_exists(aside)) {
        bench__error(err, BENCH_EIO, "is damaged, and so are %d before it", MAX_DAMAGED);
        bench__error_place(err, "%.270s", path);
        return BENCH_EIO;
    }
    if (rename(path, aside) != 0) {
        bench__error_sys(err, BENCH_EIO, errno, "cannot be renamed");
        bench__error_place(err, "%.270s", path);
        return BENCH_EIO;
    }
    bench__error(note, BENCH_EFORMAT, "%.200s; it is kept as %.200s, and a new one is begun",
                 damage->text, aside);
    bench__error_place(note, "%s", damage->place);
    return 0;
}

static int save(const struct bench__noise_record *record, const char *path, bench_error *err) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__noise_print(&text, record);
    const int rc = bench__strbuf_text(&text) != NULL
                       ? bench__write_file_atomic(path, text.text, text.n, err)
                       : no_memory(err);
    bench__strbuf_clear(&text);
    return rc;
}

struct change {
    int (*change)(struct bench__noise_record *record, void *context);
    void *context;
};

static int update(const char *path, const char *machine, const struct change *change,
                  bench_error *note, bench_error *err) {
    struct bench__noise_record record;
    bench_error problem = {0};
    int rc = load(&record, path, machine, &problem);
    if (rc == BENCH_EFORMAT) {
        rc = put_aside(path, &problem, note, err);
        bench__noise_init(&record, machine);
    } else if (rc != 0) {
        bench__error(err, rc, "%s", problem.text);
        bench__error_place(err, "%s", problem.place);
    }
    if (rc == 0) {
        rc = change->change(&record, change->context);
        if (rc == BENCH_ENOMEM) {
            no_memory(err);
        }
    }
    if (rc == 0) {
        rc = save(&record, path, err);
    }
    bench__noise_clear(&record);
    return rc;
}

int bench__noise_update(const char *state_dir, const char *machine,
                        int (*change)(struct bench__noise_record *record, void *context),
                        void *context, bench_error *note, bench_error *err) {
    const struct change what = {change, context};
    char *directory = bench__path_join(state_dir, "noise");
    char *path = path_of(state_dir, machine);
    int rc = directory != NULL && path != NULL ? 0 : no_memory(err);
    if (rc == 0) {
        rc = bench__make_directories(directory, err);
    }
    const int fd = rc == 0 ? bench__lock_directory(directory, err) : -1;
    if (rc == 0) {
        rc = fd >= 0 ? update(path, machine, &what, note, err) : fd;
    }
    if (fd >= 0) {
        close(fd); /* and with it the lock */
    }
    bench__free(directory);
    bench__free(path);
    return rc;
}
