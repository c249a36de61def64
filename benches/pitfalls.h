/* pitfalls.h - what the files of pitfalls share. */
#ifndef PITFALLS_H
#define PITFALLS_H

#include <bench/bench.h>

/** Times of a pair. */
extern const bench_opts pitfall_opts;

/** A group of two benchmarks and the pair `cost`: the bad one over the good one. */
void pitfall_pair(bench_suite *suite, const char *name, const char *good, bench_fn *good_body,
                  const char *bad, bench_fn *bad_body, const bench_opts *opts);

#endif
