/*
 * base/pattern.h - matching benchmark names: a filter of the command line, a rule of gates.json.
 *
 *   "/text/"  a POSIX extended regular expression, searched anywhere in the name
 *   glob      '*' within one path segment, '**' across segments, '?' one character, [a-z] a set,
 *             [!a-z] its complement; none of them but '**' takes a '/'. A whole segment '**' may
 *             also be no segment. Must match the whole name. [*] is a star.
 *   plain     no glob character: the name itself, or a prefix of it that ends before a '/'
 *
 * Characters are UTF-8. Matching a glob takes time proportional to its length times the name's.
 */
#ifndef BENCH_BASE_PATTERN_H
#define BENCH_BASE_PATTERN_H

#include <bench/common.h>

struct bench__pattern;

/** @return 0, BENCH_EINVAL (empty; '[' without ']'; a glob longer than 16000 bytes; a regular
 *  expression that does not compile), BENCH_ENOMEM. */
int bench__pattern_new(struct bench__pattern **out, const char *text, bench_error *err);
void bench__pattern_free(struct bench__pattern *pattern);
int bench__pattern_matches(const struct bench__pattern *pattern, const char *name);
/** Optimal string alignment distance in bytes, for "did you mean": at most `limit`+1 is returned,
 *  that also without memory. limit >= 0; time is length times limit. */
int bench__edit_distance(const char *a, const char *b, int limit);

#endif
