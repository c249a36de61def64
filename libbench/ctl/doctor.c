/*
 * benchctl doctor: what this machine is like for benchmarks, what that means, and what to do about
 * it. Changes nothing on the machine.
 */
#include "ctl/doctor.h"
#include "base/error.h"
#include "cli/output.h"
#include "ctl/commands.h"

#define DEFAULT_NS INT64_C(2000000000)
#define LONGEST_NS INT64_C(60000000000)

int benchctl_doctor(const struct bench__cli_options *options, bench_error *err) {
    struct doctor_facts facts;
    struct doctor_findings findings;
    struct bench__clock clock;
    if (options->output_format != BENCH__FORMAT_TEXT &&
        options->output_format != BENCH__FORMAT_JSON) {
        return bench__error(err, BENCH_EINVAL, "--output-format is text or json here");
    }
    const int64_t time_ns =
        bench__cli_given(options, BENCH__OPT_TIME) ? options->time_ns : DEFAULT_NS;
    if (time_ns > LONGEST_NS) {
        return bench__error(err, BENCH_EINVAL, "--time is at most 60s here");
    }
    int rc = benchctl_doctor_read(&facts, &clock, "", err);
    if (rc == 0) {
        rc = benchctl_doctor_measure(&facts.noise, &facts.host, &clock, time_ns, "", err);
    }
    if (rc != 0) {
        return rc;
    }
    benchctl_doctor_judge(&findings, &facts);
    if (options->output_format == BENCH__FORMAT_JSON) {
        return benchctl_doctor_json(stdout, &facts, &findings, err);
    }
    struct bench__style style;
    bench__cli_style(&style, options, stdout);
    return benchctl_doctor_text(stdout, &facts, &findings, &style, err);
}
