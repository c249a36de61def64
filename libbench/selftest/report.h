/* selftest/report.h - a selftest as text and as JSON (docs/schema/selftest.schema.json). */
#ifndef BENCH_SELFTEST_REPORT_H
#define BENCH_SELFTEST_REPORT_H

#include "base/strbuf.h"
#include "selftest/peers.h"

#define BENCH__SELFTEST_FORMAT_VERSION 1

/** What a report shows. Borrowed. */
struct bench__selftest_result {
    const bench_run *run; /* for its host and time stamp */
    const struct bench__selftest_plan *plan;
    const struct bench__trials *trials;
    const struct bench__selftest_summary *summary;
    const struct bench__peers *peers; /* with this tool's own counts; NULL: none */
    int is_verbose;                   /* in text, peers by body too */
};

/** At most 80 columns. A failed allocation is remembered by `out`. */
void bench__selftest_text(struct bench__strbuf *out, const struct bench__selftest_result *result);
void bench__selftest_json(struct bench__strbuf *out, const struct bench__selftest_result *result);

#endif
