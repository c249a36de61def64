/*
 * The verdicts of several tools side by side, as a table and as JSON. Everything was counted
 * before.
 */
#include "selftest/peers.h"

#include "base/table.h"

#include <stdio.h>
#include <string.h>

enum { N_COLUMNS = 7, WIDTH = 80 };

/* ---- text ---- */

static int add_row(struct bench__table *table, const struct bench__peer *peer,
                   const struct bench__peer_cell *cell, const char *body) {
    char effect[16], decided[24], found[24], rate[24], interval[40];
    const struct bench__share share = bench__peer_found(cell);
    snprintf(effect, sizeof effect, "+%g %%", cell->effect / 10.0);
    snprintf(decided, sizeof decided, "%zu", share.n);
    snprintf(found, sizeof found, "%zu", share.k);
    snprintf(rate, sizeof rate, "%.1f %%", 100 * share.rate);
    snprintf(interval, sizeof interval, "[%.1f, %.1f]", 100 * share.lower, 100 * share.upper);
    const char *const cells[N_COLUMNS] = {
        peer->tool, body, cell->effect > 0 ? effect : "none", decided, found, rate, interval};
    return bench__table_row(table, cells);
}

/* A row for each tool that decided anything about it. */
static int add_rows(struct bench__table *table, const struct bench__peers *peers,
                    enum bench__selftest_body body, int effect, const char *name) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < peers->n; i++) {
        const struct bench__peer_cell sum = bench__peer_sum(&peers->items[i], body, effect);
        code = sum.decided > 0 ? add_row(table, &peers->items[i], &sum, name) : 0;
    }
    return code;
}

/* The smallest slowdown above `effect` that a tool of the file decided about, or -1. */
static int next_effect(const struct bench__peers *peers, int effect) {
    int next = -1;
    for (size_t i = BENCH__PEERS_OWN; i < peers->n; i++) {
        for (size_t k = 0; k < peers->items[i].n_cells; k++) {
            const int this = peers->items[i].cells[k].effect;
            next = this > effect && (next < 0 || this < next) ? this : next;
        }
    }
    return next;
}

static int fill_table(struct bench__table *table, const struct bench__peers *peers,
                      int is_verbose) {
    const char *const head[N_COLUMNS] = {
        "tool", is_verbose ? "body" : NULL, "slower", "decided", "found", "rate", "95 % int."};
    int code = bench__table_row(table, head);
    for (int e = next_effect(peers, -1); code == 0 && e >= 0; e = next_effect(peers, e)) {
        code = add_rows(table, peers, BENCH__N_BODIES, e, is_verbose ? "all" : NULL);
        for (int body = 0; code == 0 && is_verbose && body < BENCH__N_BODIES; body++) {
            code = add_rows(table, peers, (enum bench__selftest_body)body, e,
                            bench__selftest_names[body]);
        }
    }
    return code;
}

/* Who it is and what its rule is, on a line or two; and slowdowns taken for the contrary. */
static void add_note(struct bench__strbuf *out, const struct bench__peer *peer) {
    const size_t width = bench__display_width(peer->tool) + bench__display_width(peer->version) +
                         bench__display_width(peer->rule) + strlen("   : ");
    bench__strbuf_addf(out, "%s %s:%s%s\n", peer->tool, peer->version,
                       width <= WIDTH ? " " : "\n    ", peer->rule);
    size_t n = 0, n_faster = 0;
    for (size_t i = 0; i < peer->n_cells; i++) {
        const struct bench__peer_cell *cell = &peer->cells[i];
        n += cell->effect > 0 ? cell->decided : 0;
        n_faster += cell->effect > 0 ? cell->called - cell->slower : 0;
    }
    if (n_faster > 0) {
        bench__strbuf_addf(out, "    called %zu of %zu slowdowns faster\n", n_faster, n);
    }
}

void bench__peers_text(struct bench__strbuf *out, const struct bench__peers *peers,
                       int is_verbose) {
    static const enum bench__align align[N_COLUMNS] = {BENCH__LEFT,  BENCH__LEFT,  BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT};
    struct bench__table *table = bench__table_new(N_COLUMNS, align);
    if (table == NULL || fill_table(table, peers, is_verbose) != 0) {
        out->failed = 1;
    } else {
        bench__table_write(table, out, 2);
        bench__strbuf_add(out, "found: of equals, called changed; of slower ones, called slower\n");
        for (size_t i = 0; i < peers->n; i++) {
            add_note(out, &peers->items[i]);
        }
    }
    bench__table_free(table);
}

/* ---- JSON ---- */

static void add_rate(struct bench__json_writer *w, const char *key, double value) {
    bench__json_add_double(w, key, bench__round_digits(value, 6));
}

static void write_cell(struct bench__json_writer *w, const struct bench__peer_cell *cell) {
    const struct bench__share share = bench__peer_found(cell);
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(w, "body",
                         cell->body < BENCH__N_BODIES ? bench__selftest_names[cell->body] : NULL);
    bench__json_add_u64(w, "called", cell->called);
    bench__json_add_u64(w, "decided", cell->decided);
    bench__json_add_double(w, "effect", cell->effect / (double)BENCH__WORK_UNIT);
    bench__json_add_u64(w, "found", share.k);
    add_rate(w, "lower", share.lower);
    add_rate(w, "rate", share.rate);
    bench__json_add_u64(w, "slower", cell->slower);
    add_rate(w, "upper", share.upper);
    bench__json_object_close(w);
}

static void write_peer(struct bench__json_writer *w, const struct bench__peer *peer) {
    bench__json_object_open(w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(w, "cells", BENCH__JSON_BLOCK);
    for (int effect = 0; effect <= BENCH__WORK_MAX - BENCH__WORK_UNIT; effect++) {
        for (int body = 0; body <= BENCH__N_BODIES; body++) {
            const struct bench__peer_cell sum =
                bench__peer_sum(peer, (enum bench__selftest_body)body, effect);
            if (sum.decided > 0) {
                write_cell(w, &sum);
            }
        }
    }
    bench__json_array_close(w);
    bench__json_add_text(w, "rule", peer->rule);
    bench__json_add_text(w, "tool", peer->tool);
    bench__json_add_text(w, "version", peer->version);
    bench__json_object_close(w);
}

void bench__peers_json(struct bench__json_writer *w, const struct bench__peers *peers) {
    bench__json_array_open(w, "peers", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < peers->n; i++) {
        write_peer(w, &peers->items[i]);
    }
    bench__json_array_close(w);
}
