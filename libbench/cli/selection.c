/*
 * Which benchmarks run: turns option texts into patterns and overrides, and explains an empty
 * choice.
 */
#include "cli/selection.h"

#include "base/error.h"
#include "base/mem.h"
#include "code/code.h"
#include "result/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SUGGESTIONS 3

static const char no_budgets[] =
    "'" BENCH__FILTER_BUDGETS
    "' is every benchmark with a budget, and no budget of the gates names "
    "one that this executable declares and --exclude leaves";

/* What a struct bench__selection borrows. */
struct choice {
    struct bench__pattern **filters, **excludes;
    struct bench__param_override *overrides;
    char **override_texts; /* copies, cut at '=' and ',' */
    const char ***override_values;
    size_t n_filters, n_excludes, n_overrides;
};

static void clear_choice(struct choice *c) {
    for (size_t i = 0; i < c->n_filters; i++) {
        bench__pattern_free(c->filters[i]);
    }
    for (size_t i = 0; i < c->n_excludes; i++) {
        bench__pattern_free(c->excludes[i]);
    }
    for (size_t i = 0; i < c->n_overrides; i++) {
        bench__free(c->override_texts[i]);
        bench__free(c->override_values[i]);
    }
    bench__free(c->filters);
    bench__free(c->excludes);
    bench__free(c->overrides);
    bench__free(c->override_texts);
    bench__free(c->override_values);
}

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

static int make_patterns(struct bench__pattern ***out, size_t *out_n,
                         const struct bench__texts *texts, bench_error *err) {
    *out = bench__alloc(texts->n, sizeof **out);
    if (*out == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < texts->n; i++) {
        const int code = bench__pattern_new(&(*out)[i], texts->items[i], err);
        if (code != 0) {
            bench__error_place(err, "filter '%.100s'", texts->items[i]);
            return code;
        }
        (*out_n)++;
    }
    return 0;
}

/* "size=64,128" to a name and values; the option parser has seen to its form. */
static int make_override(struct choice *c, const char *text, bench_error *err) {
    size_t n = 1;
    char *copy = bench__strdup(text);
    for (const char *at = text; *at != '\0'; at++) {
        n += *at == ',';
    }
    const char **values = bench__alloc(n, sizeof *values);
    if (copy == NULL || values == NULL) {
        bench__free(copy);
        bench__free(values);
        return no_memory(err);
    }
    char *rest = strchr(copy, '=');
    *rest++ = '\0';
    for (size_t i = 0; i < n; i++) {
        values[i] = strsep(&rest, ",");
    }
    c->override_texts[c->n_overrides] = copy;
    c->override_values[c->n_overrides] = values;
    c->overrides[c->n_overrides++] =
        (struct bench__param_override){.name = copy, .n_values = n, .values = values};
    return 0;
}

static int make_choice(struct choice *c, const struct bench__cli_options *o, bench_error *err) {
    c->overrides = bench__alloc(o->param.n, sizeof *c->overrides);
    c->override_texts = bench__alloc(o->param.n, sizeof *c->override_texts);
    c->override_values = bench__alloc(o->param.n, sizeof *c->override_values);
    if (c->overrides == NULL || c->override_texts == NULL || c->override_values == NULL) {
        return no_memory(err);
    }
    int code = o->exact ? 0 : make_patterns(&c->filters, &c->n_filters, &o->arguments, err);
    if (code == 0) {
        code = make_patterns(&c->excludes, &c->n_excludes, &o->exclude, err);
    }
    for (size_t i = 0; code == 0 && i < o->param.n; i++) {
        code = make_override(c, o->param.items[i], err);
    }
    return code;
}

/* ---- an empty choice ---- */

struct suggestion {
    const char *name;
    int distance;
};

static int by_distance(const void *a, const void *b) {
    const struct suggestion *x = a, *y = b;
    return (x->distance > y->distance) - (x->distance < y->distance);
}

/* How far a filter is from a name: from the whole, or from the parts that it may have meant. */
static int distance_to(const char *filter, const char *name) {
    int best = bench__edit_distance(filter, name, 40);
    char part[200];
    for (const char *from = name; from != NULL;) {
        for (const char *to = strpbrk(from, "/"); to != NULL; to = strpbrk(to + 1, "/")) {
            const size_t n = (size_t)(to - from);
            if (n < sizeof part) {
                memcpy(part, from, n);
                part[n] = '\0';
                const int d = bench__edit_distance(filter, part, 40);
                best = d < best ? d : best;
            }
        }
        from = strchr(from, '/');
        from = from != NULL ? from + 1 : NULL;
    }
    return best;
}

static int explain_nothing(const struct bench__case *all, size_t n_all,
                           const struct bench__cli_options *o, bench_error *err) {
    if (n_all == 0) {
        return bench__error(err, BENCH_ENOTFOUND, "this executable declares no benchmarks");
    }
    if (o->arguments.n == 0) {
        return bench__error(err, BENCH_ENOTFOUND, "--exclude leaves no benchmark");
    }
    const char *filter = o->arguments.items[0];
    struct suggestion *s = bench__alloc(n_all, sizeof *s);
    struct bench__strbuf near;
    bench__strbuf_init(&near);
    for (size_t i = 0; s != NULL && i < n_all; i++) {
        s[i] = (struct suggestion){all[i].name, distance_to(filter, all[i].name)};
    }
    if (s != NULL) {
        qsort(s, n_all, sizeof *s, by_distance);
    }
    const int close = (int)strlen(filter) / 2 + 1;
    for (size_t i = 0; s != NULL && i < n_all && i < MAX_SUGGESTIONS; i++) {
        if (s[i].distance <= close) {
            bench__strbuf_add(&near, near.n == 0 ? "; near it: " : ", ");
            bench__strbuf_add_safe(&near, s[i].name);
        }
    }
    const char *text = bench__strbuf_text(&near);
    bench__error(err, BENCH_ENOTFOUND, "no benchmark matches '%.80s'%.250s (--list shows all %zu)",
                 filter, text != NULL ? text : "", n_all);
    bench__strbuf_clear(&near);
    bench__free(s);
    return BENCH_ENOTFOUND;
}

static int check_overrides(const struct choice *c, bench_error *err) {
    for (size_t i = 0; i < c->n_overrides; i++) {
        if (!c->overrides[i].used) {
            return bench__error(err, BENCH_ENOTFOUND, "--param %.100s: no group has that parameter",
                                c->overrides[i].name);
        }
    }
    return 0;
}

static struct bench__selection selection_of(const struct choice *c,
                                            const struct bench__cli_options *o) {
    return (struct bench__selection){
        .n_filters = o->arguments.n,
        .filters = c->filters,
        .exact = o->exact,
        .names = (const char *const *)o->arguments.items,
        .n_excludes = c->n_excludes,
        .excludes = c->excludes,
        .n_overrides = c->n_overrides,
        .overrides = c->overrides,
    };
}

/* ---- benchmarks with budgets ---- */

int bench__cli_wants_budgets(bench_suite *const *suites, size_t n_suites,
                             const struct bench__cli_options *o, bench_error *err) {
    int n = 0;
    for (size_t i = 0; i < o->arguments.n && !o->exact; i++) {
        n += strcmp(o->arguments.items[i], BENCH__FILTER_BUDGETS) == 0;
    }
    for (size_t i = 0; i < n_suites && n > 0; i++) {
        n *= strcmp(suites[i]->name, BENCH__FILTER_BUDGETS) != 0;
    }
    return n == 0 || o->arguments.n == 1
               ? n
               : bench__error(err, BENCH_EINVAL,
                              "'" BENCH__FILTER_BUDGETS "' goes with no other filter");
}

/* Leaves only the cases that a budget is about. */
static void keep_limited(struct bench__case *cases, size_t *n, const struct bench__gates *gates) {
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (bench__gates_limit(gates, cases[i].name)) {
            cases[n_kept++] = cases[i];
        } else {
            bench__case_clear(&cases[i]);
        }
    }
    *n = n_kept;
}

static void keep_limited_pairs(struct bench__pair_case *pairs, size_t *n,
                               const struct bench__case *cases, const struct bench__gates *gates) {
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (bench__gates_limit_ratio(gates, cases[pairs[i].variant].name,
                                     cases[pairs[i].base].name)) {
            pairs[n_kept++] = pairs[i];
        } else {
            bench__free(pairs[i].name);
        }
    }
    *n = n_kept;
}

/* ---- the choice ---- */

int bench__cli_select(struct bench__case **out, size_t *out_n, bench_suite *const *suites,
                      size_t n_suites, const struct bench__cli_options *o,
                      const struct bench__gates *gates, bench_error *err) {
    struct choice c = {0};
    *out = NULL;
    *out_n = 0;
    int code = make_choice(&c, o, err);
    struct bench__selection selection = selection_of(&c, o);
    selection.n_filters = gates != NULL ? 0 : selection.n_filters;
    if (code == 0) {
        code = bench__cases_select(out, out_n, suites, n_suites, &selection, err);
    }
    if (code == 0) {
        code = check_overrides(&c, err);
    }
    if (code == 0 && gates != NULL) {
        keep_limited(*out, out_n, gates);
        code = *out_n == 0 ? bench__error(err, BENCH_ENOTFOUND, "%s", no_budgets) : 0;
    } else if (code == 0 && *out_n == 0) {
        struct bench__case *all = NULL;
        size_t n_all = 0;
        selection.n_filters = selection.n_excludes = 0;
        code = bench__cases_select(&all, &n_all, suites, n_suites, &selection, err);
        code = code == 0 ? explain_nothing(all, n_all, o, err) : code;
        bench__cases_free(all, n_all);
    }
    if (code != 0) {
        bench__cases_free(*out, *out_n);
        *out = NULL;
        *out_n = 0;
    }
    clear_choice(&c);
    return code;
}

int bench__cli_select_pairs(struct bench__pair_case **out, size_t *out_n,
                            const struct bench__case *cases, size_t n_cases,
                            const struct bench__cli_options *o, const struct bench__gates *gates,
                            bench_error *err) {
    struct choice c = {0};
    *out = NULL;
    *out_n = 0;
    if (o->test || bench__cli_given(o, BENCH__OPT_PROFILE_TIME)) {
        return 0;
    }
    int code = make_choice(&c, o, err);
    if (code == 0) {
        struct bench__selection selection = selection_of(&c, o);
        selection.n_filters = gates != NULL ? 0 : selection.n_filters;
        code = bench__pairs_select(out, out_n, cases, n_cases, &selection, err);
    }
    if (code == 0 && gates != NULL) {
        keep_limited_pairs(*out, out_n, cases, gates);
    }
    clear_choice(&c);
    return code;
}

int bench__cli_chosen_names(const char ***out, size_t *out_n, const struct bench__case *cases,
                            size_t n_cases, const bench_run *baseline,
                            const struct bench__cli_options *o, bench_error *err) {
    struct choice c = {0};
    *out = NULL;
    *out_n = 0;
    if (o->arguments.n == 0 && o->exclude.n == 0 && o->param.n == 0) {
        return 0;
    }
    const size_t n_old = baseline != NULL && o->param.n == 0 ? baseline->n_results : 0;
    const char **names = bench__alloc(n_cases + n_old, sizeof *names);
    const int code = names != NULL ? make_choice(&c, o, err) : no_memory(err);
    const struct bench__selection selection = selection_of(&c, o);
    size_t n = 0;
    for (size_t i = 0; code == 0 && i < n_cases; i++) {
        names[n++] = cases[i].name;
    }
    for (size_t i = 0; code == 0 && i < n_old; i++) {
        if (bench__selection_takes(&selection, baseline->results[i].name)) {
            names[n++] = baseline->results[i].name;
        }
    }
    clear_choice(&c);
    if (code != 0) {
        bench__free(names);
        return code;
    }
    *out = names;
    *out_n = n;
    return 0;
}

/* ---- listing ---- */

/* Where the functions of a benchmark stand in this executable; null when one stands elsewhere. */
static void add_json_code(struct bench__json_writer *w, const struct bench__function *f) {
    const struct {
        const char *name;
        uintptr_t function;
    } parts[] = {{"batch_setup", (uintptr_t)f->opts.batch_setup},
                 {"batch_teardown", (uintptr_t)f->opts.batch_teardown},
                 {"body", (uintptr_t)f->body},
                 {"setup", (uintptr_t)f->opts.setup},
                 {"thread_setup", (uintptr_t)f->opts.thread_setup}};
    const size_t n = sizeof parts / sizeof *parts;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].function != 0 && bench__code_address(parts[i].function) == 0) {
            bench__json_add_null(w, "code");
            return;
        }
    }
    bench__json_object_open(w, "code", BENCH__JSON_LINE);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].function != 0) {
            bench__json_add_u64(w, parts[i].name, bench__code_address(parts[i].function));
        }
    }
    bench__json_object_close(w);
}

static void add_json_case(struct bench__json_writer *w, const struct bench__case *c) {
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    bench__json_add_double(w, "bytes_per_iteration", bench__case_per_iteration(c, BENCH_BYTES));
    add_json_code(w, c->function);
    bench__json_add_double(w, "elements_per_iteration",
                           bench__case_per_iteration(c, BENCH_ELEMENTS));
    bench__json_add_text(w, "function", c->function->name);
    bench__json_add_text(w, "group", c->group->name);
    bench__json_add_text(w, "name", c->name);
    bench__json_array_open(w, "params", BENCH__JSON_LINE);
    for (size_t i = 0; i < c->n_params; i++) {
        bench__json_object_open(w, NULL, BENCH__JSON_LINE);
        bench__json_add_text(w, "name", c->params[i].name);
        if (c->params[i].is_i64) {
            bench__json_add_i64(w, "value", c->params[i].i64);
        } else {
            bench__json_add_text(w, "value", c->params[i].text);
        }
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
    bench__json_add_text(w, "suite", c->suite->name);
    bench__json_object_close(w);
}

int bench__cli_list(FILE *out, const struct bench__case *cases, size_t n, int as_json,
                    bench_error *err) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    if (as_json) {
        struct bench__json_writer w;
        bench__json_writer_init(&w, &text);
        bench__json_array_open(&w, NULL, BENCH__JSON_BLOCK);
        for (size_t i = 0; i < n; i++) {
            add_json_case(&w, &cases[i]);
        }
        bench__json_array_close(&w);
        bench__strbuf_addc(&text, '\n');
    }
    for (size_t i = 0; !as_json && i < n; i++) {
        bench__strbuf_add_safe(&text, cases[i].name);
        bench__strbuf_addc(&text, '\n');
    }
    int code = 0;
    if (bench__strbuf_text(&text) == NULL) {
        code = no_memory(err);
    } else if (fwrite(text.text, 1, text.n, out) != text.n || fflush(out) != 0) {
        code = bench__error_sys(err, BENCH_EIO, errno, "cannot write the list");
    }
    bench__strbuf_clear(&text);
    return code;
}
