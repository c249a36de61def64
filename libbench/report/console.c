/*
 * The report for a person: a line about the machine, the table, the notes, and a last line that
 * answers the question the run was made for. Builds all text first and writes it in one go.
 */
#include "report/console.h"

#include "report/console_parts.h"
#include "report/figures.h"

void bench__console_machine(const struct bench__console *c) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__say_machine(&text, &c->view->outcome->run->host);
    bench__ink_wrap(c->out, c->style, BENCH__INK_DIM, bench__strbuf_text(&text), 0, 0);
    bench__strbuf_clear(&text);
    bench__say_run(&text, c->view);
    bench__ink_wrap(c->out, c->style, BENCH__INK_DIM, bench__strbuf_text(&text), 0, 0);
    bench__strbuf_clear(&text);
}

static void add_counts(const struct bench__console *c) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__say_counts(&text, c->view);
    if (text.n > 0) {
        bench__ink_wrap(c->out, c->style, BENCH__INK_PLAIN, bench__strbuf_text(&text), 0, 0);
    }
    bench__strbuf_clear(&text);
}

void bench__console_answer(const struct bench__console *c) {
    if (!c->style->quiet) {
        add_counts(c);
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    enum bench__ink ink = bench__ink_of(bench__say_answer(&text, c->view));
    bench__ink_wrap(c->out, c->style, ink == BENCH__INK_PLAIN ? BENCH__INK_BOLD : ink,
                    bench__strbuf_text(&text), 0, 0);
    bench__strbuf_clear(&text);
}

int bench__report_console(FILE *out, const bench_outcome *outcome, const struct bench__style *style,
                          bench_error *err) {
    struct bench__view view;
    int rc = bench__view_init(&view, outcome, err);
    if (rc != 0) {
        return rc;
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    struct bench__console c = {.out = &text, .style = style, .view = &view};
    if (!style->quiet) {
        bench__console_machine(&c);
    }
    unsigned shown = bench__console_table(&c);
    if (!style->quiet) {
        rc = bench__console_notes(&c, shown, err);
    }
    bench__strbuf_add(&text, text.n > 0 ? "\n" : "");
    bench__console_answer(&c);
    if (rc == 0) {
        rc = bench__write_text(out, &text, err);
    }
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
    return rc;
}
