/*
 * Progress: one line rewritten in place on a terminal, a plain line per finished benchmark anywhere
 * else. Knows no clock: how much time has passed is in what it is told.
 */
#include "report/console.h"

#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/ink.h"

#include <string.h>

enum { BAR_WIDTH = 20 };
/* Often enough to look alive, rarely enough to cost nothing. */
static const int64_t REDRAW_NS = 100000000;

struct bench__progress_line {
    FILE *out;
    struct bench__style style;
    int is_terminal;
    int is_drawn;
    int64_t drawn_at_ns;
};

struct bench__progress_line *bench__progress_line_new(FILE *out, const struct bench__style *style,
                                                      int is_terminal) {
    struct bench__progress_line *line = bench__alloc(1, sizeof *line);
    if (line != NULL) {
        *line =
            (struct bench__progress_line){.out = out, .style = *style, .is_terminal = is_terminal};
    }
    return line;
}

static void add_bar(struct bench__strbuf *out, const struct bench__style *style, double done) {
    int n = (int)(done * BAR_WIDTH + 0.5);
    for (int i = 0; i < BAR_WIDTH; i++) {
        const char *full = style->utf8 ? "━" : "=";
        const char *empty = style->utf8 ? "─" : "-";
        bench__strbuf_add(out, i < n ? full : empty);
    }
}

static void add_numbers(struct bench__strbuf *out, const bench_progress *p) {
    char elapsed[BENCH__FIGURE_SIZE];
    char remaining[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out, " %zu/%zu  %s", p->benchmarks_done, p->benchmarks_total,
                       bench__format_clock(elapsed, sizeof elapsed, p->elapsed_ns));
    if (p->remaining_ns >= 0) {
        bench__strbuf_addf(out, ", %s left",
                           bench__format_clock(remaining, sizeof remaining, p->remaining_ns));
    }
    bench__strbuf_add(out, "  ");
}

/* The end of a name says more than its start: an ellipsis stands for what does not fit. */
static void add_shortened(struct bench__strbuf *out, const char *name, int room, int utf8) {
    const char *ellipsis = utf8 ? "…" : "...";
    if ((int)bench__display_width(name) <= room) {
        bench__strbuf_add(out, name);
        return;
    }
    room -= (int)bench__display_width(ellipsis);
    while (*name != '\0' && (int)bench__display_width(name) > room) {
        uint32_t point;
        size_t n = bench__utf8_decode(name, &point);
        name += n > 0 ? n : 1;
    }
    bench__strbuf_add(out, ellipsis);
    bench__strbuf_add(out, name);
}

static void redraw(struct bench__progress_line *line, const bench_progress *p) {
    struct bench__strbuf text;
    struct bench__strbuf name;
    bench__strbuf_init(&text);
    bench__strbuf_init(&name);
    double done = p->launches_total > 0 ? (double)p->launches_done / (double)p->launches_total : 0;
    add_bar(&text, &line->style, done);
    add_numbers(&text, p);
    bench__strbuf_add_safe(&name, p->name != NULL ? p->name : "");
    if (!name.failed) {
        int room = line->style.columns - 1 - bench__ink_width(&text);
        add_shortened(&text, bench__strbuf_text(&name), room > 0 ? room : 0, line->style.utf8);
    }
    if (!text.failed) {
        fprintf(line->out, "\r\033[K%s", bench__strbuf_text(&text));
        fflush(line->out);
        line->is_drawn = 1;
        line->drawn_at_ns = p->elapsed_ns;
    }
    bench__strbuf_clear(&name);
    bench__strbuf_clear(&text);
}

static void print_finished(const struct bench__progress_line *line, const bench_progress *p) {
    struct bench__strbuf text;
    char elapsed[BENCH__FIGURE_SIZE];
    bench__strbuf_init(&text);
    bench__strbuf_addf(&text, "[%zu/%zu, %s] ", p->benchmarks_done, p->benchmarks_total,
                       bench__format_clock(elapsed, sizeof elapsed, p->elapsed_ns));
    const bench_pair_result *pair = p->finished_pair;
    const bench_status status = pair != NULL ? pair->status : p->finished->status;
    bench__strbuf_add_safe(&text, pair != NULL ? pair->name : p->finished->name);
    if (status != BENCH_STATUS_OK) {
        bench__strbuf_add(&text, ": ");
        bench__say_end(&text, status, pair != NULL ? pair->message : p->finished->message);
    }
    if (!text.failed) {
        fprintf(line->out, "%s\n", bench__strbuf_text(&text));
        fflush(line->out);
    }
    bench__strbuf_clear(&text);
}

void bench__progress_line_update(struct bench__progress_line *line,
                                 const bench_progress *progress) {
    if (line->style.quiet) {
        return;
    }
    if (!line->is_terminal) {
        if (progress->finished != NULL || progress->finished_pair != NULL) {
            print_finished(line, progress);
        }
        return;
    }
    int is_last = progress->launches_done == progress->launches_total;
    if (!line->is_drawn || is_last || progress->elapsed_ns - line->drawn_at_ns >= REDRAW_NS) {
        redraw(line, progress);
    }
}

void bench__progress_line_free(struct bench__progress_line *line) {
    if (line == NULL) {
        return;
    }
    if (line->is_drawn) {
        fputs("\r\033[K", line->out);
        fflush(line->out);
    }
    bench__free(line);
}
