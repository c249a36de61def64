/*
 * report/words.h - what reports say in words: the same plain sentences on every medium. Everything
 * from outside (names, reasons, labels) is escaped for terminals here; a medium with escapes of its
 * own (HTML, Markdown) escapes the whole sentence once more.
 */
#ifndef BENCH_REPORT_WORDS_H
#define BENCH_REPORT_WORDS_H

#include "base/strbuf.h"
#include "report/view.h"

enum { BENCH__N_FLAGS = 8, BENCH__N_NOISE_CAUSES = 6 };

/** What the figures of a table are. */
#define BENCH__LEGEND_TIME   "all measured; time: the middle of the launches"
#define BENCH__LEGEND_SPREAD "spread: how much launches differ"
#define BENCH__LEGEND_SEES   "sees: the smallest change that would be found 9 times in 10"
/** What the figures of pairs are. */
#define BENCH__LEGEND_PAIRS                                                                        \
    "pairs: how much more time the first takes than the second, both measured side by side"
/** What to do about a baseline of another machine. */
#define BENCH__INCOMPARABLE_ADVICE                                                                 \
    "Times of another machine or build say nothing about your change. Save the baseline on this "  \
    "machine with this compiler (--save-baseline), or run the old and the new executable side by " \
    "side: benchctl compare OLD NEW."

/** Flag number i (bit 1 << i of bench_result.flags): a few words for a line, and a sentence that
 *  says of n benchmarks what it means and what to do. */
const char *bench__flag_word(unsigned i);
const char *bench__flag_advice(unsigned i, size_t n);
/** Cause number i (bit 1 << i of bench_noise.contaminated), to follow "n launches". */
const char *bench__noise_word(unsigned i, size_t n);
const char *bench__clock_word(bench_clock_kind kind);
const char *bench__budget_word(bench_budget_verdict verdict);

/** "1 benchmark", "2 benchmarks", "2 launches". */
void bench__say_count(struct bench__strbuf *out, size_t n, const char *noun);
/** The machine and build in one line, what is unknown left out. */
void bench__say_machine(struct bench__strbuf *out, const bench_host *host);
/** "72 benchmarks in 1:36, 2025-03-04, commit 3fa9c1d27b-dirty, seed 42". */
void bench__say_run(struct bench__strbuf *out, const struct bench__view *view);
/** "skipped: no broker at 127.0.0.1". */
void bench__say_status(struct bench__strbuf *out, const bench_result *result);
/** The same of anything that can end; `message` may be NULL. */
void bench__say_end(struct bench__strbuf *out, bench_status status, const char *message);
/** "112.3 ns before, 131.4 ns now", followed by the verdict's reason. */
void bench__say_comparison(struct bench__strbuf *out, const bench_comparison *c, int utf8);
/** "112.3 ns before, 131.4 ns now: +17.0 % (+15.2 ... +18.8 %)". */
void bench__say_change(struct bench__strbuf *out, const bench_comparison *c, int utf8);
/** "p50 60.0 ns, p99 412 ns, ..."; nothing unless latencies were measured. */
void bench__say_latency(struct bench__strbuf *out, const bench_latency *latency,
                        const char *separator, int utf8);
/** How many samples were unusual, over the whole run; nothing without samples. */
void bench__say_outliers(struct bench__strbuf *out, const struct bench__view *view);
/** Which benchmarks have fewer launches than the others; nothing when all have the same. */
void bench__say_launches(struct bench__strbuf *out, const struct bench__view *view);
/** How many launches were disturbed, and by what; nothing without launches. */
void bench__say_noise(struct bench__strbuf *out, const struct bench__view *view);
/** Whether the spread between runs was learned or assumed; nothing without stored comparisons. */
void bench__say_between_runs(struct bench__strbuf *out, const struct bench__view *view);
/** How many could not be decided, which changes they could have seen, and what to do. */
void bench__say_inconclusive(struct bench__strbuf *out, const struct bench__view *view);
/** "41 pass, 1 regressed and 6 inconclusive against 'main' (2025-01-02, commit 3fa9c1d)". */
void bench__say_counts(struct bench__strbuf *out, const struct bench__view *view);

/** "; 41 of 52 budgets met, 1 exceeded, 10 not measured"; nothing when none was measured. */
void bench__say_budgets(struct bench__strbuf *out, const bench_outcome *outcome);
/** "loosened from 2.00 %: ids are text"; nothing for a limit that never was tighter. */
void bench__say_loosening(struct bench__strbuf *out, const bench_budget *budget, int utf8);

/** How an answer is meant, for colours. */
enum bench__tone { BENCH__TONE_PLAIN = 0, BENCH__TONE_GOOD, BENCH__TONE_BAD, BENCH__TONE_UNSURE };
enum bench__tone bench__verdict_tone(bench_verdict verdict);
/** Bad, unless it is a skip or was not reached. */
enum bench__tone bench__status_tone(bench_status status);
enum bench__tone bench__budget_tone(bench_budget_verdict verdict);
/** The last line of every report: did my change make this slower? */
enum bench__tone bench__say_answer(struct bench__strbuf *out, const struct bench__view *view);

#endif
