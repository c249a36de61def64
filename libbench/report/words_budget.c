/* What reports say about budgets. */
#include "report/figures.h"
#include "report/words.h"

const char *bench__budget_word(bench_budget_verdict verdict) {
    switch (verdict) {
    case BENCH_BUDGET_PASS:
        return "pass";
    case BENCH_BUDGET_OVER:
        return "over budget";
    case BENCH_BUDGET_INCONCLUSIVE:
        return "inconclusive";
    case BENCH_BUDGET_NOT_MEASURED:
        break;
    }
    return "not measured";
}

enum bench__tone bench__budget_tone(bench_budget_verdict verdict) {
    static const enum bench__tone tones[] = {
        [BENCH_BUDGET_PASS] = BENCH__TONE_GOOD,
        [BENCH_BUDGET_OVER] = BENCH__TONE_BAD,
        [BENCH_BUDGET_INCONCLUSIVE] = BENCH__TONE_UNSURE,
        [BENCH_BUDGET_NOT_MEASURED] = BENCH__TONE_PLAIN,
    };
    return tones[verdict];
}

void bench__say_loosening(struct bench__strbuf *out, const bench_budget *budget, int utf8) {
    char limit[BENCH__FIGURE_SIZE];
    if (budget->justification == NULL) {
        return;
    }
    bench__strbuf_addf(
        out, "loosened from %s: ",
        bench__figure_quantity(limit, sizeof limit, budget->loosened_from, budget->unit, utf8));
    bench__strbuf_add_safe(out, budget->justification);
}

void bench__say_budgets(struct bench__strbuf *out, const bench_outcome *outcome) {
    size_t n_of[BENCH_BUDGET_NOT_MEASURED + 1] = {0};
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        n_of[outcome->budgets[i].verdict]++;
    }
    if (n_of[BENCH_BUDGET_NOT_MEASURED] == outcome->n_budgets) {
        return; /* a run of something else, or no budgets at all */
    }
    bench__strbuf_addf(out, "; %zu of ", n_of[BENCH_BUDGET_PASS]);
    bench__say_count(out, outcome->n_budgets, "budget");
    bench__strbuf_add(out, " met");
    const struct {
        bench_budget_verdict verdict;
        const char *words;
    } others[] = {{BENCH_BUDGET_OVER, "exceeded"},
                  {BENCH_BUDGET_INCONCLUSIVE, "undecided"},
                  {BENCH_BUDGET_NOT_MEASURED, "not measured"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (n_of[others[i].verdict] > 0) {
            bench__strbuf_addf(out, ", %zu %s", n_of[others[i].verdict], others[i].words);
        }
    }
}
