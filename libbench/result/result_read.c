/*
 * From the text of a results or baseline file to a run: what the tables of fields cannot say alone
 * - required fields, versions, references, duplicates. Never changes a file.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "result/model.h"
#include "result/result_fields.h"
#include "result/result_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int require(const struct bench__json *object, const char *const *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct bench__json value = bench__json_get(object, keys[i]);
        if (bench__json_absent(&value)) {
            return bench__json_error(&value, "is missing");
        }
    }
    return 0;
}

/* Parts of a name that are missing become "": readers may rely on them. */
static int complete(char **text, const struct bench__json *object) {
    return *text != NULL ? 0 : bench__text_copy(text, "", object);
}

int bench__result_read(bench_result *result, const struct bench__json *object) {
    static const char *const keys[] = {"launches", "name", "status", "suite"};
    int rc = bench__json_expect_object(object);
    if (rc == 0) {
        rc = require(object, keys, sizeof keys / sizeof *keys);
    }
    if (rc == 0) {
        rc = bench__fields_read(&bench__result_fields, result, object);
    }
    if (rc == 0 && *result->name == '\0') {
        const struct bench__json name = bench__json_get(object, "name");
        rc = bench__json_error(&name, "is empty");
    }
    if (rc == 0) {
        rc = complete(&result->group, object);
    }
    return rc != 0 ? rc : complete(&result->function, object);
}

/* ---- the whole run ----------------------------------------------------------------------------
 */

/* Launches point into the run's calibrations: not beyond them. */
static int check_references(const bench_run *run, const struct bench__json *root) {
    const struct bench__json benchmarks = bench__json_get(root, "benchmarks");
    for (size_t r = 0; r < run->n_results; r++) {
        for (size_t l = 0; l < run->results[r].n_launches; l++) {
            const int calibration = run->results[r].launches[l].calibration;
            if (calibration >= 0 && (size_t)calibration >= run->n_calibrations) {
                const struct bench__json at = bench__json_at(&benchmarks, r);
                const struct bench__json launches = bench__json_get(&at, "launches");
                const struct bench__json column = bench__json_get(&launches, "calibration");
                const struct bench__json value = bench__json_at(&column, l);
                return bench__json_error(&value, "names calibration %d of %zu", calibration,
                                         run->n_calibrations);
            }
        }
    }
    return 0;
}

struct named {
    const char *name;
    size_t index;
};

static int by_name(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int check_duplicates(const bench_run *run, const struct bench__json *root) {
    struct named *names = bench__alloc(run->n_results, sizeof *names);
    int rc = 0;
    if (names == NULL) {
        return bench__json_no_memory(root);
    }
    for (size_t i = 0; i < run->n_results; i++) {
        names[i] = (struct named){run->results[i].name, i};
    }
    qsort(names, run->n_results, sizeof *names, by_name);
    for (size_t i = 1; i < run->n_results && rc == 0; i++) {
        if (strcmp(names[i - 1].name, names[i].name) == 0) {
            const struct bench__json benchmarks = bench__json_get(root, "benchmarks");
            const struct bench__json at = bench__json_at(&benchmarks, names[i].index);
            const struct bench__json name = bench__json_get(&at, "name");
            rc = bench__json_error(&name, "is the name of benchmarks[%zu] too: \"%.100s\"",
                                   names[i - 1].index, names[i].name);
        }
    }
    bench__free(names);
    return rc;
}

static int read_run(bench_run *run, const struct bench__json *root) {
    static const char *const keys[] = {"benchmarks", "host"};
    int rc = bench__json_check_version(root, BENCH__FORMAT_VERSION);
    if (rc == 0) {
        rc = require(root, keys, sizeof keys / sizeof *keys);
    }
    if (rc == 0) {
        rc = bench__fields_read(&bench__run_fields, run, root);
    }
    if (rc == 0) {
        rc = check_references(run, root);
    }
    return rc != 0 ? rc : check_duplicates(run, root);
}

int bench__run_parse(bench_run **out, const char *file, const char *text, size_t n,
                     bench_error *err) {
    struct bench__json_doc doc;
    *out = NULL;
    int rc = bench__json_parse(&doc, file, 1, text, n, err);
    if (rc != 0) {
        return rc;
    }
    const struct bench__json root = bench__json_root(&doc);
    bench_run *run = bench__run_new();
    rc = run != NULL ? read_run(run, &root) : bench__json_no_memory(&root);
    bench__json_clear(&doc);
    if (rc != 0) {
        bench_run_free(run);
        return rc;
    }
    bench__run_sort(run);
    *out = run;
    return 0;
}

int bench_run_load(bench_run **out, const char *path, bench_error *err) {
    char *text = NULL;
    size_t n = 0;
    *out = NULL;
    int rc = bench__read_file(&text, &n, path, 0, err);
    if (rc == 0) {
        rc = bench__run_parse(out, path, text, n, err);
    }
    bench__free(text);
    return rc;
}
