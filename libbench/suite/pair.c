/*
 * From declared pairs to single ones: which two cases belong together, and what they are called.
 */
#include "suite/pair.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"

#include <string.h>

struct pairing {
    struct bench__pair_case *pairs;
    size_t n, capacity;
    const struct bench__case *cases;
    size_t n_cases;
    const struct bench__selection *selection;
    bench_error *err;
};

static int no_memory(const struct pairing *p) {
    return bench__error(p->err, BENCH_ENOMEM, "out of memory for %zu pairs", p->n + 1);
}

static int same_params(const struct bench__case *a, const struct bench__case *b) {
    for (size_t i = 0; i < a->n_params; i++) { /* of one group: the axes are the same */
        if (strcmp(a->params[i].text, b->params[i].text) != 0) {
            return 0;
        }
    }
    return 1;
}

/* The case of that function with the parameters of `like`; NULL when it was not chosen. */
static const struct bench__case *
find_partner(const struct pairing *p, const struct bench__case *like, const char *function) {
    for (size_t i = 0; i < p->n_cases; i++) {
        const struct bench__case *c = &p->cases[i];
        if (c->group == like->group && strcmp(c->function->name, function) == 0 &&
            same_params(c, like)) {
            return c;
        }
    }
    return NULL;
}

/* The name of the case with the pair's in place of the function's. */
char *bench__pair_name(const struct bench__case *side, const struct bench__pair *pair) {
    const size_t before = strlen(side->suite->name) + strlen(side->group->name) + 2;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_addn(&sb, side->name, before);
    bench__strbuf_add(&sb, pair->name);
    bench__strbuf_add(&sb, side->name + before + strlen(side->function->name));
    return bench__strbuf_steal(&sb);
}

/* By its own name, or with both of its sides; not because another pair took those. */
static int is_chosen(const struct bench__selection *selection, const char *name,
                     const struct bench__case *base, const struct bench__case *variant) {
    return bench__selection_takes(selection, name) ||
           (!bench__selection_excludes(selection, name) &&
            bench__selection_takes(selection, base->name) &&
            bench__selection_takes(selection, variant->name));
}

static int add(struct pairing *p, const struct bench__pair *pair, const struct bench__case *base,
               const struct bench__case *variant) {
    char *name = bench__pair_name(base, pair);
    if (name == NULL) {
        return no_memory(p);
    }
    if (!is_chosen(p->selection, name, base, variant)) {
        bench__free(name);
        return 0;
    }
    if (bench__grow(&p->pairs, &p->capacity, p->n + 1, sizeof *p->pairs) != 0) {
        bench__free(name);
        return no_memory(p);
    }
    p->pairs[p->n++] = (struct bench__pair_case){
        .name = name, .base = (size_t)(base - p->cases), .variant = (size_t)(variant - p->cases)};
    return 0;
}

/* All pairs of which this case is the base. */
static int add_pairs_of(struct pairing *p, const struct bench__case *base) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < base->group->n_pairs; i++) {
        const struct bench__pair *pair = &base->group->pairs[i];
        if (strcmp(pair->base, base->function->name) == 0) {
            const struct bench__case *variant = find_partner(p, base, pair->variant);
            code = variant != NULL ? add(p, pair, base, variant) : 0;
        }
    }
    return code;
}

int bench__pairs_select(struct bench__pair_case **out, size_t *out_n,
                        const struct bench__case *cases, size_t n_cases,
                        const struct bench__selection *selection, bench_error *err) {
    struct pairing p = {.cases = cases, .n_cases = n_cases, .selection = selection, .err = err};
    int code = 0;
    for (size_t i = 0; code == 0 && i < n_cases; i++) {
        code = add_pairs_of(&p, &cases[i]);
    }
    if (code != 0) {
        bench__pairs_free(p.pairs, p.n);
        p.pairs = NULL;
        p.n = 0;
    }
    *out = p.pairs;
    *out_n = p.n;
    return code;
}

void bench__pairs_free(struct bench__pair_case *pairs, size_t n) {
    for (size_t i = 0; pairs != NULL && i < n; i++) {
        bench__free(pairs[i].name);
    }
    bench__free(pairs);
}
