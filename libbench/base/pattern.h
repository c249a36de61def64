/*
 * base/pattern.h - matching benchmark names: a filter of the command line, a rule of gates.json.
 *
 *   "/text/"  a POSIX extended regular expression, searched anywhere in the name
 *   glob      '*' within one path segment, '**' across segments, '?' one character, [abc] a set;
 *             must match the whole name
 *   plain     no glob character: the name itself, or a prefix of it that ends before a '/'
 */
#ifndef BENCH_BASE_PATTERN_H
#define BENCH_BASE_PATTERN_H

#include <bench/common.h>

struct bench__pattern;

/** @return 0, BENCH_EINVAL (empty, or a regular expression that does not compile), BENCH_ENOMEM. */
int bench__pattern_new(struct bench__pattern **out, const char *text, bench_error *err);
void bench__pattern_free(struct bench__pattern *pattern);
int bench__pattern_matches(const struct bench__pattern *pattern, const char *name);
/** Optimal string alignment distance, for "did you mean": at most `limit`+1 is returned. */
int bench__edit_distance(const char *a, const char *b, int limit);

#endif
