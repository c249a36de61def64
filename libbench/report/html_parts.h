/* report/html_parts.h - the parts of the HTML page, between html.c and the files beside it. */
#ifndef BENCH_REPORT_HTML_PARTS_H
#define BENCH_REPORT_HTML_PARTS_H

#include "base/strbuf.h"
#include "report/plots.h"
#include "report/view.h"
#include "report/words.h"

/** What every part of the page needs. */
struct bench__page {
    struct bench__strbuf *out;
    const struct bench__view *view;
    const struct bench__plots *plots; /* n is 0 without plots */
};

/** The style sheet, without the surrounding element. */
extern const char bench__html_style[];

/** Foreign text: control characters become visible, then everything is escaped for HTML, attribute
 *  values included. */
void bench__html_text(struct bench__strbuf *out, const char *text);
/** Moves a sentence of report/words over, escaped, and clears it. */
void bench__html_words(struct bench__strbuf *out, struct bench__strbuf *words);
/** "good", "bad", "unsure" or "plain": a class of the style sheet. */
const char *bench__html_tone(enum bench__tone tone);
/** The verdict as a chip, or "new"; nothing without a verdict. */
void bench__html_chip(struct bench__strbuf *out, const struct bench__row *row);

/** Links to the suites, with how many of each were measured and were not, and to what follows them.
 *  Nothing when there is one suite only. */
void bench__html_contents(const struct bench__page *page);
/** The table of all benchmarks, by suite. */
void bench__html_table(const struct bench__page *page);
/** Regressions and the like in full, budgets, scaling, what to know. @return 0 or BENCH_ENOMEM. */
int bench__html_notes(const struct bench__page *page, bench_error *err);
/** One section per measured benchmark, with its plots. */
void bench__html_sections(const struct bench__page *page);
/** Machine, settings, noise and calibration, folded away. */
void bench__html_machine(const struct bench__page *page);

#endif
