/*
 * What benchctl doctor found, for people and as JSON. Judges nothing but the last sentence.
 */
#include "ctl/doctor.h"
#include "report/figures.h"
#include "report/ink.h"
#include "result/result_fields.h"

#include <stddef.h>
#include <string.h>

static const char *const verdict_names[DOCTOR_N_VERDICTS + 1] = {
    [DOCTOR_UNKNOWN] = "unknown",
    [DOCTOR_GOOD] = "good",
    [DOCTOR_MIND] = "mind",
    [DOCTOR_BAD] = "bad",
};

/* ---- summary ---- */

static void add_count(struct bench__strbuf *out, size_t n, const char *what) {
    if (n > 0) {
        bench__strbuf_addf(out, "%s%zu %s", out->n > 0 ? ", " : "", n, what);
    }
}

void benchctl_doctor_summary(struct bench__strbuf *out, const struct doctor_findings *findings) {
    const size_t n_bad = findings->n_verdicts[DOCTOR_BAD];
    const size_t n_mind = findings->n_verdicts[DOCTOR_MIND];
    struct bench__strbuf counts;
    bench__strbuf_init(&counts);
    add_count(&counts, n_bad, "bad");
    add_count(&counts, n_mind, n_mind == 1 ? "thing to mind" : "things to mind");
    if (n_bad + n_mind == 0) {
        bench__strbuf_add(&counts, "nothing to mind");
    }
    add_count(&counts, findings->n_verdicts[DOCTOR_UNKNOWN], "unknown");
    const char *text = bench__strbuf_text(&counts);
    if (text == NULL) {
        out->failed = 1;
        bench__strbuf_clear(&counts);
        return;
    }
    bench__strbuf_addf(out, "%c%s; ", text[0] >= 'a' ? text[0] - 'a' + 'A' : text[0], text + 1);
    bench__strbuf_clear(&counts);
    if (findings->spoils_duels) {
        bench__strbuf_add(out, "no verdict is trustworthy here before the clock is put right.");
    } else if (findings->spoils_stored) {
        bench__strbuf_add(out, "verdicts by duel (benchctl compare OLD NEW) are trustworthy here, "
                               "stored baselines see large changes only.");
    } else {
        bench__strbuf_add(out, "stored baselines and duels can both be used here.");
    }
}

/* ---- text ---- */

enum { LABEL_COLUMN = 9, VALUE_COLUMN = 24 };

static enum bench__ink ink_of(enum doctor_verdict verdict) {
    static const enum bench__ink inks[] = {
        [DOCTOR_UNKNOWN] = BENCH__INK_DIM,
        [DOCTOR_GOOD] = BENCH__INK_GOOD,
        [DOCTOR_MIND] = BENCH__INK_UNSURE,
        [DOCTOR_BAD] = BENCH__INK_BAD,
    };
    return inks[verdict];
}

/* A text of the machine's, escaped and wrapped from `column` on. */
static void add_wrapped(struct bench__strbuf *out, const struct bench__style *style,
                        enum bench__ink ink, const char *text, int column) {
    struct bench__strbuf safe;
    bench__strbuf_init(&safe);
    bench__strbuf_add_safe(&safe, text);
    bench__ink_wrap(out, style, ink, bench__strbuf_text(&safe), column, column);
    bench__strbuf_clear(&safe);
}

static void add_finding(struct bench__strbuf *out, const struct bench__style *style,
                        const struct doctor_finding *finding) {
    const char *verdict = verdict_names[finding->verdict];
    bench__ink_add(out, style, ink_of(finding->verdict), verdict);
    bench__ink_blanks(out, LABEL_COLUMN - (int)strlen(verdict));
    bench__ink_add(out, style, BENCH__INK_PLAIN, finding->label);
    bench__ink_blanks(out, VALUE_COLUMN - LABEL_COLUMN - (int)strlen(finding->label));
    add_wrapped(out, style, BENCH__INK_PLAIN, finding->value[0] != '\0' ? finding->value : "-",
                VALUE_COLUMN);
    if (finding->meaning[0] != '\0') {
        bench__ink_blanks(out, LABEL_COLUMN);
        add_wrapped(out, style, BENCH__INK_PLAIN, finding->meaning, LABEL_COLUMN);
    }
    if (finding->advice[0] != '\0') {
        bench__ink_blanks(out, LABEL_COLUMN);
        bench__strbuf_add(out, style->utf8 ? "→ " : "> ");
        add_wrapped(out, style, BENCH__INK_BOLD, finding->advice, LABEL_COLUMN + 2);
    }
}

int benchctl_doctor_text(FILE *out, const struct doctor_facts *facts,
                         const struct doctor_findings *findings, const struct bench__style *style,
                         bench_error *err) {
    struct bench__strbuf text, line;
    bench__strbuf_init(&text);
    bench__strbuf_init(&line);
    if (!style->quiet) {
        bench__say_machine(&line, &facts->host);
        bench__ink_wrap(&text, style, BENCH__INK_BOLD, bench__strbuf_text(&line), 0, 0);
        bench__strbuf_addc(&text, '\n');
    }
    for (size_t i = 0; i < findings->n; i++) {
        if (!style->quiet || findings->items[i].verdict != DOCTOR_GOOD) {
            add_finding(&text, style, &findings->items[i]);
        }
    }
    bench__strbuf_clear(&line);
    benchctl_doctor_summary(&line, findings);
    bench__strbuf_add(&text, text.n > 0 ? "\n" : "");
    bench__ink_wrap(&text, style, BENCH__INK_BOLD, bench__strbuf_text(&line), 0, 0);
    const int rc = bench__write_text(out, &text, err);
    bench__strbuf_clear(&line);
    bench__strbuf_clear(&text);
    return rc;
}

/* ---- JSON ---- */

#define NOISE(type, name, member)                                                                  \
    { BENCH__FIELD(type, name, struct doctor_noise, member) }

static const struct bench__field noise_array[] = {
    NOISE(AMOUNT, "between_run_sd", between_run_sd),
    NOISE(AMOUNT, "duration_ns", duration_ns),
    NOISE(AMOUNT, "interrupted_share", interrupted_share),
    NOISE(I64, "involuntary_switches", involuntary_switches),
    NOISE(AMOUNT, "longest_interruption_ns", longest_ns),
    NOISE(AMOUNT, "lost_share", lost_share),
    NOISE(I64, "migrations", migrations),
    NOISE(AMOUNT, "ruler_ghz", ruler_ghz),
    NOISE(AMOUNT, "ruler_spread", ruler_spread),
    NOISE(AMOUNT, "sees", sees),
    NOISE(AMOUNT, "steal_share", steal_share),
    NOISE(I64, "thermal_events", thermal_events),
    NOISE(I64, "throttled_ns", throttled_ns),
    NOISE(I64, "voluntary_switches", voluntary_switches),
};
static const struct bench__fields noise_fields = BENCH__FIELDS(noise_array);

static void add_text_or_null(struct bench__json_writer *w, const char *key, const char *text) {
    bench__json_add_text(w, key, text[0] != '\0' ? text : NULL);
}

static void add_check(struct bench__json_writer *w, const struct doctor_finding *finding) {
    bench__json_object_open(w, NULL, BENCH__JSON_BLOCK);
    add_text_or_null(w, "advice", finding->advice);
    bench__json_add_text(w, "id", finding->id);
    add_text_or_null(w, "meaning", finding->meaning);
    bench__json_add_bool(w, "spoils_duels", finding->spoils_duels);
    bench__json_add_bool(w, "spoils_stored", finding->spoils_stored);
    add_text_or_null(w, "value", finding->value);
    bench__json_add_text(w, "verdict", verdict_names[finding->verdict]);
    bench__json_object_close(w);
}

static void add_summary(struct bench__json_writer *w, const struct doctor_findings *findings,
                        const char *text) {
    bench__json_object_open(w, "summary", BENCH__JSON_BLOCK);
    bench__json_add_u64(w, "bad", findings->n_verdicts[DOCTOR_BAD]);
    bench__json_add_u64(w, "good", findings->n_verdicts[DOCTOR_GOOD]);
    bench__json_add_u64(w, "mind", findings->n_verdicts[DOCTOR_MIND]);
    bench__json_add_text(w, "text", text);
    bench__json_add_bool(w, "trust_duels", !findings->spoils_duels);
    bench__json_add_bool(w, "trust_stored", !findings->spoils_stored);
    bench__json_add_u64(w, "unknown", findings->n_verdicts[DOCTOR_UNKNOWN]);
    bench__json_object_close(w);
}

int benchctl_doctor_json(FILE *out, const struct doctor_facts *facts,
                         const struct doctor_findings *findings, bench_error *err) {
    struct bench__strbuf text, summary;
    struct bench__json_writer w;
    const struct bench__write_context context = {.w = &w};
    bench__strbuf_init(&text);
    bench__strbuf_init(&summary);
    benchctl_doctor_summary(&summary, findings);
    bench__json_writer_init(&w, &text);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "checks", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < findings->n; i++) {
        add_check(&w, &findings->items[i]);
    }
    bench__json_array_close(&w);
    bench__json_add_i64(&w, "format_version", 1);
    bench__json_object_open(&w, "host", BENCH__JSON_BLOCK);
    bench__fields_write(&context, &bench__host_fields, &facts->host);
    bench__json_object_close(&w);
    bench__json_object_open(&w, "noise", BENCH__JSON_BLOCK);
    bench__fields_write(&context, &noise_fields, &facts->noise);
    bench__json_object_close(&w);
    add_summary(&w, findings, bench__strbuf_text(&summary));
    bench__json_object_close(&w);
    text.failed |= summary.failed;
    const int rc = bench__write_text(out, &text, err);
    bench__strbuf_clear(&summary);
    bench__strbuf_clear(&text);
    return rc;
}
