/*
 * A selftest for people. Everything was counted and judged before.
 */
#include "selftest/report.h"

#include "base/table.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_COLUMNS = 8 };

static const char *slowdown(char buf[16], int effect) {
    if (effect == 0) {
        return "none";
    }
    snprintf(buf, 16, "+%g %%", effect / 10.0);
    return buf;
}

static const char *percent(char buf[24], double fraction, int digits) {
    return bench__format_percent(buf, 24, fraction, digits, 0);
}

static void share_cells(const struct bench__share *share, char rate[24], char interval[40]) {
    snprintf(rate, 24, "%.1f %%", 100 * share->rate);
    snprintf(interval, 40, "[%.1f, %.1f]", 100 * share->lower, 100 * share->upper);
}

static int add_cell(struct bench__table *table, const struct bench__selftest_cell *cell) {
    char effect[16], n[24], found[24], rate[24], interval[40], mde[24], seconds[24];
    share_cells(&cell->found, rate, interval);
    snprintf(n, sizeof n, "%zu", cell->found.n);
    snprintf(found, sizeof found, "%zu", cell->found.k);
    snprintf(seconds, sizeof seconds, "%.2f s", cell->seconds);
    const char *const cells[N_COLUMNS] = {bench__selftest_names[cell->body],
                                          slowdown(effect, cell->effect),
                                          n,
                                          found,
                                          rate,
                                          interval,
                                          percent(mde, cell->mde, 2),
                                          seconds};
    return bench__table_row(table, cells);
}

static void add_cells(struct bench__strbuf *out, const struct bench__selftest_summary *s) {
    static const enum bench__align align[N_COLUMNS] = {BENCH__LEFT,  BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__RIGHT};
    static const char *const head[N_COLUMNS] = {"body", "slower",    "decided", "found",
                                                "rate", "95 % int.", "MDE",     "time"};
    struct bench__table *table = bench__table_new(N_COLUMNS, align);
    int code = table != NULL ? bench__table_row(table, head) : BENCH_ENOMEM;
    for (size_t i = 0; code == 0 && i < s->n_cells; i++) {
        code = s->cells[i].found.n > 0 ? add_cell(table, &s->cells[i]) : 0;
    }
    if (code == 0) {
        bench__table_write(table, out, 2);
    } else {
        out->failed = 1;
    }
    bench__table_free(table);
}

static int was_decided(const struct bench__bar *bar) {
    return bar->is_time ? !isnan(bar->value) : bar->share.n > 0;
}

static int add_bar(struct bench__table *table, const struct bench__bar *bar) {
    static const char *const states[] = {
        [BENCH__BAR_MET] = "met", [BENCH__BAR_MISSED] = "MISSED", [BENCH__BAR_OPEN] = "open"};
    char seen[48], limit[40], time[24];
    if (bar->is_time) {
        bench__format_ns(seen, sizeof seen, bar->value, 3);
        snprintf(limit, sizeof limit, "at most %s",
                 bench__format_ns(time, sizeof time, bar->limit, 3));
    } else {
        snprintf(seen, sizeof seen, "%zu of %zu", bar->share.k, bar->share.n);
        snprintf(limit, sizeof limit, "at %s %g %%", bar->is_minimum ? "least" : "most",
                 100 * bar->limit);
    }
    const char *const cells[] = {bar->text, seen, limit, states[bar->state]};
    return bench__table_row(table, cells);
}

static void add_bars(struct bench__strbuf *out, const struct bench__selftest_summary *s) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__RIGHT, BENCH__RIGHT, BENCH__LEFT};
    static const char *const head[] = {"bar", "seen", "limit", ""};
    struct bench__table *table = bench__table_new(sizeof align / sizeof align[0], align);
    int code = table != NULL ? bench__table_row(table, head) : BENCH_ENOMEM, has_open = 0;
    for (size_t i = 0; code == 0 && i < s->n_bars; i++) {
        if (was_decided(&s->bars[i])) {
            code = add_bar(table, &s->bars[i]);
            has_open |= s->bars[i].state == BENCH__BAR_OPEN;
        }
    }
    if (code == 0) {
        bench__table_write(table, out, 2);
        bench__strbuf_add(out, has_open ? "open: not enough decisions to say\n" : "");
    } else {
        out->failed = 1;
    }
    bench__table_free(table);
}

/* ---- spread ---- */

static int is_any_missed(const struct bench__selftest_summary *s) {
    for (size_t i = 0; i < s->n_bars; i++) {
        if (s->bars[i].state == BENCH__BAR_MISSED) {
            return 1;
        }
    }
    return 0;
}

static int add_spread(struct bench__table *table, const struct bench__selftest_spread *spread) {
    char launch[24], decision[24], explained[24], copies[40];
    snprintf(copies, sizeof copies, "in %zu of %zu", spread->n_floor, spread->n);
    const char *const cells[] = {
        bench__selftest_names[spread->body], percent(launch, spread->launch, 2),
        percent(decision, spread->decision, 2), percent(explained, spread->explained, 2), copies};
    return bench__table_row(table, cells);
}

/* Why a bar was missed: launches that differ, or decisions that differ by more than that. */
static void add_spreads(struct bench__strbuf *out, const struct bench__selftest_summary *s) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                              BENCH__RIGHT};
    static const char *const head[] = {"body", "launch", "decision", "by launches",
                                       "copies differ"};
    struct bench__table *table = bench__table_new(sizeof align / sizeof align[0], align);
    int code = table != NULL ? bench__table_row(table, head) : BENCH_ENOMEM;
    for (size_t i = 0; code == 0 && i < BENCH__N_BODIES; i++) {
        code = s->spreads[i].n > 0 ? add_spread(table, &s->spreads[i]) : 0;
    }
    if (code == 0) {
        bench__strbuf_add(out, "\nspread: standard deviation of a launch, and of a decision about "
                               "the truth\n");
        bench__table_write(table, out, 2);
    } else {
        out->failed = 1;
    }
    bench__table_free(table);
}

static void add_head(struct bench__strbuf *out, const struct bench__selftest_result *result) {
    const struct bench__trials *t = result->trials;
    const bench_host *host = &result->run->host;
    bench__strbuf_addf(out, "selftest: %zu decision%s in %.0f s, seed %llu%s%s\n", t->n,
                       t->n == 1 ? "" : "s", t->elapsed_ns * 1e-9,
                       (unsigned long long)result->plan->seed,
                       result->plan->has_neighbour ? ", beside a noisy neighbour" : "",
                       t->interrupted ? ", interrupted" : "");
    bench__strbuf_addf(out, "on %s",
                       host->cpu_model[0] != '\0' ? host->cpu_model : "a CPU without a name");
    if (host->n_cpus > 0) {
        bench__strbuf_addf(out, ", %lld CPU%s", (long long)host->n_cpus,
                           host->n_cpus == 1 ? "" : "s");
    }
    if (host->hypervisor[0] != '\0' && strcmp(host->hypervisor, "none") != 0) {
        bench__strbuf_addf(out, ", virtualised (%s)", host->hypervisor);
    }
    bench__strbuf_add(out, "\n\n");
}

void bench__selftest_text(struct bench__strbuf *out, const struct bench__selftest_result *result) {
    add_head(out, result);
    if (result->trials->n > 0) {
        add_cells(out, result->summary);
        bench__strbuf_addc(out, '\n');
    }
    add_bars(out, result->summary);
    if (result->peers != NULL) {
        bench__strbuf_addc(out, '\n');
        bench__peers_text(out, result->peers, result->is_verbose);
    }
    if (is_any_missed(result->summary)) {
        add_spreads(out, result->summary);
    }
}
