/* report/plots.h - two drawings per benchmark: where its times lie, and how launches differ. */
#ifndef BENCH_REPORT_PLOTS_H
#define BENCH_REPORT_PLOTS_H

#include "report/view.h"

struct bench__plots {
    size_t n;        /* rows of the view */
    char **density;  /* SVG per row, NULL where there is none; owned */
    char **launches; /* likewise */
};

/**
 * Draws for every measured row, in a directory of its own within `directory` that is removed again.
 * `note` receives one line when plots are missing, else "".
 * @return 0 (also without gnuplot), BENCH_ENOMEM, BENCH_EIO.
 */
int bench__plots_make(struct bench__plots *plots, const struct bench__view *view,
                      const char *directory, char *note, size_t note_size, bench_error *err);
void bench__plots_clear(struct bench__plots *plots);

/** 1 when a result has raw samples: then its density is drawn from them, else from the summaries of
 *  its launches. */
int bench__has_samples(const bench_result *result);

struct bench__strbuf;
/** The gnuplot commands for the two plots of one row, into files "<index>d.svg" and "<index>l.svg".
 *  Nothing of the benchmark's text goes in. */
int bench__plots_script(struct bench__strbuf *out, const struct bench__row *row, size_t index,
                        bench_error *err);

#endif
