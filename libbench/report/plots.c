/*
 * All plots of a page through one gnuplot process: one script, one file per plot, in a temporary
 * directory. A plot that fails is missing; it never makes the report fail.
 */
#include "report/plots.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t TIMEOUT_NS = INT64_C(60) * 1000000000;
static const char SCRIPT[] = "plots.gp";

static const char HEAD[] = "set encoding utf8\n"
                           "set decimalsign '.'\n"
                           "set terminal svg size 460,190 dynamic noenhanced font 'sans,11'\n"
                           "set border 1 linecolor rgb '" BENCH__PLOT_AXIS "'\n"
                           "set tics nomirror scale 0.4 textcolor rgb '" BENCH__PLOT_AXIS "'\n"
                           "set xtics out\n"
                           "unset key\n"
                           "set tmargin 0.6\n"
                           "set rmargin 2\n";

static int write_script(const struct bench__view *view, const char *directory, bench_error *err) {
    struct bench__strbuf script;
    bench__strbuf_init(&script);
    bench__strbuf_add(&script, HEAD);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < view->n_rows; i++) {
        if (bench__row_measured(&view->rows[i])) {
            rc = bench__plots_script(&script, &view->rows[i], i, err);
        }
    }
    char *path = bench__path_join(directory, SCRIPT);
    if (rc == 0 && (path == NULL || script.failed)) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the plots");
    }
    if (rc == 0) {
        rc = bench__write_file_atomic(path, script.text, script.n, err);
    }
    bench__free(path);
    bench__strbuf_clear(&script);
    return rc;
}

static void plot_name(char name[32], size_t index, char kind) {
    snprintf(name, 32, "%zu%c.svg", index, kind);
}

/* The cleaned drawing of one file; NULL when there is none. */
static char *read_plot(const char *directory, size_t index, char kind) {
    char name[32];
    char *clean = NULL;
    char *text;
    size_t n;
    plot_name(name, index, kind);
    char *path = bench__path_join(directory, name);
    if (path != NULL && bench__read_file(&text, &n, path, 0, NULL) == 0) {
        clean = bench__svg_clean(text);
        bench__free(text);
    }
    bench__free(path);
    return clean;
}

/* Without allocating: it must also work when memory has run out. */
static void remove_directory(const char *directory, size_t n_rows) {
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        unlinkat(fd, SCRIPT, 0);
        for (size_t i = 0; i < n_rows; i++) {
            char name[32];
            plot_name(name, i, 'd');
            unlinkat(fd, name, 0);
            plot_name(name, i, 'l');
            unlinkat(fd, name, 0);
        }
        close(fd);
    }
    rmdir(directory);
}

static int draw(struct bench__plots *plots, const struct bench__view *view, const char *directory,
                char *note, size_t note_size, bench_error *err) {
    int rc = write_script(view, directory, err);
    if (rc != 0) {
        return rc;
    }
    bench__gnuplot_run(directory, SCRIPT, TIMEOUT_NS, note, note_size);
    for (size_t i = 0; i < plots->n; i++) {
        if (bench__row_measured(&view->rows[i])) {
            plots->density[i] = read_plot(directory, i, 'd');
            plots->launches[i] = read_plot(directory, i, 'l');
        }
    }
    return 0;
}

int bench__plots_make(struct bench__plots *plots, const struct bench__view *view,
                      const char *directory, char *note, size_t note_size, bench_error *err) {
    note[0] = '\0';
    *plots = (struct bench__plots){.n = view->n_rows,
                                   .density = bench__alloc(view->n_rows, sizeof(char *)),
                                   .launches = bench__alloc(view->n_rows, sizeof(char *))};
    char *temporary = bench__path_join(directory, ".plots-XXXXXX");
    int rc = 0;
    if (plots->density == NULL || plots->launches == NULL || temporary == NULL) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the plots");
    } else if (mkdtemp(temporary) == NULL) {
        rc = bench__error_sys(err, BENCH_EIO, errno, "cannot make a directory for plots in %s",
                              directory);
    } else {
        rc = draw(plots, view, temporary, note, note_size, err);
        remove_directory(temporary, view->n_rows);
    }
    bench__free(temporary);
    if (rc != 0) {
        bench__plots_clear(plots);
    }
    return rc;
}

void bench__plots_clear(struct bench__plots *plots) {
    for (size_t i = 0; i < plots->n; i++) {
        if (plots->density != NULL) {
            bench__free(plots->density[i]);
        }
        if (plots->launches != NULL) {
            bench__free(plots->launches[i]);
        }
    }
    bench__free(plots->density);
    bench__free(plots->launches);
    *plots = (struct bench__plots){0};
}
