/*
 * The HTML page: one file that needs nothing else, no script, no network. Assembles the parts and
 * writes them; everything that is not ours is escaped on its way in.
 */
#include "report/html.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "report/html_parts.h"

#include <string.h>

/* ---- helpers of all parts ---- */

static void add_escaped(struct bench__strbuf *out, const char *text) {
    if (text == NULL) {
        out->failed = 1;
        return;
    }
    while (*text != '\0') {
        size_t n = strcspn(text, "&<>\"'");
        bench__strbuf_addn(out, text, n);
        text += n;
        switch (*text) {
        case '&':
            bench__strbuf_add(out, "&amp;");
            break;
        case '<':
            bench__strbuf_add(out, "&lt;");
            break;
        case '>':
            bench__strbuf_add(out, "&gt;");
            break;
        case '"':
            bench__strbuf_add(out, "&quot;");
            break;
        case '\'':
            bench__strbuf_add(out, "&#39;");
            break;
        default:
            continue;
        }
        text++;
    }
}

void bench__html_words(struct bench__strbuf *out, struct bench__strbuf *words) {
    add_escaped(out, bench__strbuf_text(words));
    bench__strbuf_clear(words);
}

void bench__html_text(struct bench__strbuf *out, const char *text) {
    struct bench__strbuf safe;
    bench__strbuf_init(&safe);
    bench__strbuf_add_safe(&safe, text);
    bench__html_words(out, &safe);
}

const char *bench__html_tone(enum bench__tone tone) {
    static const char *const names[] = {
        [BENCH__TONE_PLAIN] = "plain",
        [BENCH__TONE_GOOD] = "good",
        [BENCH__TONE_BAD] = "bad",
        [BENCH__TONE_UNSURE] = "unsure",
    };
    return names[tone];
}

void bench__html_chip(struct bench__strbuf *out, const struct bench__row *row) {
    const char *word = bench__row_verdict_word(row);
    if (word[0] != '\0') {
        bench__strbuf_addf(out, "<span class=\"chip %s %s\">%s</span>",
                           bench__html_tone(bench__verdict_tone(bench__row_verdict(row))), word,
                           word);
    }
}

/* ---- the page ---- */

static void add_title(const struct bench__page *page) {
    const struct bench__view *view = page->view;
    for (size_t i = 0; i < view->n_rows; i++) {
        const char *suite = view->rows[i].result->suite;
        if (i == 0 || strcmp(suite, view->rows[i - 1].result->suite) != 0) {
            bench__strbuf_add(page->out, i > 0 ? ", " : "");
            bench__html_text(page->out, suite);
        }
    }
}

static void add_counts(const struct bench__page *page) {
    static const bench_verdict order[] = {BENCH_VERDICT_REGRESSED, BENCH_VERDICT_INCONCLUSIVE,
                                          BENCH_VERDICT_MISSING,   BENCH_VERDICT_INCOMPARABLE,
                                          BENCH_VERDICT_IMPROVED,  BENCH_VERDICT_PASS};
    bench__strbuf_add(page->out, "<p class=\"counts\">");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        size_t n = page->view->n_verdicts[order[i]];
        if (n > 0) {
            bench__strbuf_addf(page->out, "<span class=\"chip %s\">%zu %s</span> ",
                               bench__html_tone(bench__verdict_tone(order[i])), n,
                               bench_verdict_name(order[i]));
        }
    }
    bench__strbuf_add(page->out, "</p>\n");
}

static void add_paragraph(const struct bench__page *page, const char *class,
                          struct bench__strbuf *words) {
    if (words->n > 0 || words->failed) {
        bench__strbuf_addf(page->out, "<p class=\"%s\">", class);
        bench__html_words(page->out, words);
        bench__strbuf_add(page->out, "</p>\n");
    }
    bench__strbuf_clear(words);
}

static void add_head(const struct bench__page *page, const char *note) {
    struct bench__strbuf words;
    struct bench__strbuf answer;
    bench__strbuf_init(&words);
    bench__strbuf_init(&answer);
    enum bench__tone tone = bench__say_answer(&answer, page->view);
    bench__strbuf_add(page->out, "<header>\n<h1>");
    add_title(page);
    bench__strbuf_add(page->out, "</h1>\n");
    bench__strbuf_addf(page->out, "<p class=\"answer %s\">", bench__html_tone(tone));
    bench__html_words(page->out, &answer);
    bench__strbuf_add(page->out, "</p>\n");
    add_counts(page);
    bench__say_run(&words, page->view);
    add_paragraph(page, "muted", &words);
    bench__say_machine(&words, &page->view->outcome->run->host);
    add_paragraph(page, "muted", &words);
    bench__strbuf_add(&words, note);
    add_paragraph(page, "muted", &words);
    bench__strbuf_add(page->out, "</header>\n");
}

static int add_page(const struct bench__page *page, const char *note, bench_error *err) {
    struct bench__strbuf *out = page->out;
    bench__strbuf_add(out,
                      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                      "<meta name=\"viewport\" content=\"width=device-width\"/>\n"
                      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
    add_title(page);
    bench__strbuf_addf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", bench__html_style);
    add_head(page, note);
    bench__html_contents(page);
    bench__strbuf_add(out, "<main>\n");
    bench__html_table(page);
    int rc = bench__html_notes(page, err);
    bench__html_sections(page);
    bench__html_machine(page);
    bench__strbuf_add(out, "</main>\n</body>\n</html>\n");
    if (rc == 0 && out->failed) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    return rc;
}

static int write_page(const char *dir, const struct bench__page *page, const char *note,
                      bench_error *err) {
    int rc = add_page(page, note, err);
    char *path = rc == 0 ? bench__path_join(dir, "index.html") : NULL;
    if (rc == 0 && path == NULL) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    if (rc == 0) {
        rc = bench__write_file_atomic(path, page->out->text, page->out->n, err);
    }
    bench__free(path);
    return rc;
}

int bench__report_html(const char *dir, const bench_outcome *outcome, int with_plots, char *note,
                       size_t note_size, bench_error *err) {
    struct bench__view view;
    struct bench__plots plots = {0};
    struct bench__strbuf out;
    bench__strbuf_init(&out);
    note[0] = '\0';
    int rc = bench__view_init(&view, outcome, err);
    if (rc == 0) {
        rc = bench__make_directories(dir, err);
    }
    if (rc == 0 && with_plots) {
        rc = bench__plots_make(&plots, &view, dir, note, note_size, err);
    }
    if (rc == 0) {
        struct bench__page page = {.out = &out, .view = &view, .plots = &plots};
        rc = write_page(dir, &page, note, err);
    }
    bench__strbuf_clear(&out);
    bench__plots_clear(&plots);
    bench__view_clear(&view);
    return rc;
}
