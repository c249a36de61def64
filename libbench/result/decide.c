/*
 * From the numbers of a comparison to its verdict and the sentence that says why. Computes nothing
 * that is not written there.
 */
#include "result/decide.h"

#include "base/units.h"
#include "result/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_CONTAMINATED 0.3

void bench__say_verdict(bench_comparison *c, bench_verdict verdict, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(c->reason, sizeof c->reason, format, args);
    va_end(args);
    c->verdict = verdict;
}

struct percent {
    char text[40];
};

static struct percent percent(double fraction, int sign) {
    struct percent p;
    bench__format_percent(p.text, sizeof p.text, fraction, 2, sign);
    return p;
}

/* "9 s", "2 min": how much longer a duel would have to be. */
static struct percent more_time(double ns) {
    struct percent p;
    const double s = ns / 1e9;
    if (s < 90) {
        snprintf(p.text, sizeof p.text, "%.*f s", s < 10 ? 1 : 0, s);
    } else if (s < 5400) {
        snprintf(p.text, sizeof p.text, "%.0f min", s / 60);
    } else {
        snprintf(p.text, sizeof p.text, "%.0f h", s / 3600);
    }
    return p;
}

static void say_inconclusive(bench_comparison *c) {
    const struct percent from = percent(c->change.lower, 1), to = percent(c->change.upper, 1);
    const struct percent sees = percent(c->mde, 0), limit = percent(c->threshold, 0);
    const double more = c->duel.wall_ns_more;
    if (c->evidence == BENCH_EVIDENCE_STORED) {
        bench__say_verdict(
            c, BENCH_VERDICT_INCONCLUSIVE,
            "between %s and %s; this comparison finds changes from %s up, the threshold is %s",
            from.text, to.text, sees.text, limit.text);
    } else if (c->change.lower > c->threshold || c->change.upper < -c->threshold) {
        bench__say_verdict(c, BENCH_VERDICT_INCONCLUSIVE,
                           "between %s and %s, but %d launches leave a risk of %s (p, adjusted for "
                           "there being many); more launches make sure",
                           from.text, to.text, c->duel.n_launches, percent(c->p_adjusted, 0).text);
    } else if (!isfinite(c->mde)) {
        bench__say_verdict(c, BENCH_VERDICT_INCONCLUSIVE,
                           "between %s and %s; %d launches can never reach a level of %s: more "
                           "launches are needed",
                           from.text, to.text, c->duel.n_launches, percent(c->alpha, 0).text);
    } else if (isinf(more)) {
        bench__say_verdict(
            c, BENCH_VERDICT_INCONCLUSIVE,
            "between %s and %s; it resolves %s, the threshold is %s, and more time would not help: "
            "%s",
            from.text, to.text, sees.text, limit.text,
            c->duel.floor_sd > 0 ? "equal copies differ by as much" : "layouts differ by as much");
    } else {
        bench__say_verdict(
            c, BENCH_VERDICT_INCONCLUSIVE,
            "between %s and %s; %s of duel resolve %s, the threshold is %s: about %s more would "
            "decide",
            from.text, to.text, more_time(c->duel.wall_ns).text, sees.text, limit.text,
            more_time(more).text);
    }
}

/* A change of a time whose code has not changed is the linker's doing, not the programmer's. */
static int is_placement(const bench_comparison *c) {
    return c->duel.code == BENCH_CODE_IDENTICAL && c->duel.n_layouts < 2;
}

static void say_changed(bench_comparison *c, bench_verdict verdict, const char *how, double point,
                        double least) {
    if (is_placement(c)) {
        bench__say_verdict(
            c, BENCH_VERDICT_INCONCLUSIVE,
            "%s by %s, at least %s, but its machine code is the same in both executables: that is "
            "placement; layout variants would average it out",
            how, percent(point, 0).text, percent(least, 0).text);
    } else {
        bench__say_verdict(c, verdict, "%s by %s, at least %s; threshold %s", how,
                           percent(point, 0).text, percent(least, 0).text,
                           percent(c->threshold, 0).text);
    }
}

void bench__decide(bench_comparison *c, double upper) {
    const int is_sure = c->p_adjusted < c->alpha;
    const struct percent limit = percent(c->threshold, 0);
    if (isnan(c->p_value)) {
        bench__say_verdict(c, BENCH_VERDICT_INCONCLUSIVE,
                           "fewer than two valid launches on a side");
    } else if (c->evidence == BENCH_EVIDENCE_SCREENING &&
               (c->change.lower > c->threshold || c->change.upper < -c->threshold)) {
        bench__say_verdict(c, BENCH_VERDICT_INCONCLUSIVE,
                           "%s by %s in a short duel; no duel on fresh data has confirmed it",
                           c->change.point > 0 ? "slower" : "faster",
                           percent(fabs(c->change.point), 0).text);
    } else if (is_sure && c->change.lower > c->threshold) {
        say_changed(c, BENCH_VERDICT_REGRESSED, "slower", c->change.point, c->change.lower);
    } else if (is_sure && c->change.upper < -c->threshold) {
        say_changed(c, BENCH_VERDICT_IMPROVED, "faster", -c->change.point, -c->change.upper);
    } else if (upper < c->threshold) {
        c->below_threshold = is_sure && c->change.lower > 0;
        if (c->below_threshold) {
            bench__say_verdict(c, BENCH_VERDICT_PASS,
                               "slower by %s, but less than the threshold of %s",
                               percent(c->change.point, 0).text, limit.text);
        } else {
            bench__say_verdict(c, BENCH_VERDICT_PASS, "at most %s slower; threshold %s",
                               percent(fmax(upper, 0), 0).text, limit.text);
        }
    } else {
        say_inconclusive(c);
    }
    if (c->verdict != BENCH_VERDICT_INCONCLUSIVE) {
        c->duel.wall_ns_more = NAN;
    }
}

void bench__cap_when_contaminated(bench_comparison *c) {
    const double after = bench__contaminated_share(c->after);
    const double before = bench__contaminated_share(c->before);
    if (fmax(after, before) > MAX_CONTAMINATED) {
        c->below_threshold = 0;
        bench__say_verdict(c, BENCH_VERDICT_INCONCLUSIVE,
                           "%s of the launches %s were disturbed by other work on the machine",
                           percent(fmax(after, before), 0).text,
                           after >= before ? "of this run" : "of the baseline");
    }
}
