/* report/words_duel.h - what reports say about duels, beside the verdict of each. */
#ifndef BENCH_REPORT_WORDS_DUEL_H
#define BENCH_REPORT_WORDS_DUEL_H

#include "base/strbuf.h"
#include "report/view.h"

/** Which changes the duels could resolve, and how long those would have to be that could not
 *  resolve their threshold; nothing without duels. */
void bench__say_resolution(struct bench__strbuf *out, const struct bench__view *view);
/** What the duels showed of the machine and of the linker: spread of equal copies, placement,
 *  machine code that is the same; nothing without duels. */
void bench__say_placement(struct bench__strbuf *out, const struct bench__view *view);
/** "+0.3 % (+0.1 ... +0.5 %), the geometric mean of 71 benchmarks". */
void bench__say_suite_change(struct bench__strbuf *out, const bench_suite_change *s);
/** One benchmark's duel in full, for the verbose report; nothing without one. */
void bench__say_duel(struct bench__strbuf *out, const bench_comparison *c);
/** "deciles +1.1 %, +1.2 % ...": where in the distribution the change sits; nothing when it was
 *  not computed. */
void bench__say_shift(struct bench__strbuf *out, const bench_comparison *c);

#endif
