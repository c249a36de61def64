/*
 * Verdict counts of other tools: read and checked, and this tool's own beside them. Nothing here
 * runs other tools: scripts/compare_peers.sh does.
 */
#include "selftest/peers.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE_BYTES (1 << 20)

/* ---- reading ---- */

static size_t n_characters(const char *text) {
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80; /* valid UTF-8: the reader saw to it */
    }
    return n;
}

/* A name of 1 to `max` characters, into 4 * max + 1 bytes. */
static int read_short_name(char *out, size_t max, const struct bench__json *object,
                           const char *key) {
    const struct bench__json value = bench__json_get(object, key);
    const char *text = NULL;
    if (bench__json_read_name(&text, &value) != 0) {
        return BENCH_EFORMAT;
    }
    const size_t n = n_characters(text);
    if (n < 1 || n > max) {
        return bench__json_error(&value, "must have from 1 to %zu characters, not %zu", max, n);
    }
    snprintf(out, 4 * max + 1, "%s", text);
    return 0;
}

static int read_body(enum bench__selftest_body *out, const struct bench__json *object) {
    const struct bench__json value = bench__json_get(object, "body");
    const char *text = NULL;
    if (bench__json_read_text(&text, &value) != 0) {
        return BENCH_EFORMAT;
    }
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        if (strcmp(text, bench__selftest_names[body]) == 0) {
            *out = (enum bench__selftest_body)body;
            return 0;
        }
    }
    return bench__json_error(&value, "must be latency, branch, cache, copy or allocator");
}

static int read_effect(int *out, const struct bench__json *object) {
    const struct bench__json value = bench__json_get(object, "effect");
    double fraction = NAN;
    if (bench__json_read_double(&fraction, &value) != 0) {
        return BENCH_EFORMAT;
    }
    const double thousandths = fraction * BENCH__WORK_UNIT;
    if (!(thousandths >= 0 && thousandths <= BENCH__WORK_MAX - BENCH__WORK_UNIT) ||
        fabs(thousandths - round(thousandths)) > 1e-6) {
        return bench__json_error(&value, "must be a slowdown from 0 to 1 in steps of 0.001");
    }
    *out = (int)lround(thousandths);
    return 0;
}

/* From `min` to `max`, which is called `limit`. */
static int read_count(size_t *out, const struct bench__json *object, const char *key, uint64_t min,
                      uint64_t max, const char *limit) {
    const struct bench__json value = bench__json_get(object, key);
    uint64_t count = 0;
    if (bench__json_read_u64(&count, &value) != 0) {
        return BENCH_EFORMAT;
    }
    if (count < min || count > max) {
        return bench__json_error(&value, "must be from %llu to %s%llu", (unsigned long long)min,
                                 limit, (unsigned long long)max);
    }
    *out = (size_t)count;
    return 0;
}

static int is_same_cell(const struct bench__peer_cell *a, const struct bench__peer_cell *b) {
    return a->body == b->body && a->effect == b->effect;
}

static int read_cell(struct bench__peer *peer, const struct bench__json *object) {
    static const char *const known[] = {"body", "called", "decided", "effect", "slower"};
    struct bench__peer_cell cell = {0};
    int code = bench__json_expect_keys(object, known, sizeof known / sizeof *known);
    code = code != 0 ? code : read_body(&cell.body, object);
    code = code != 0 ? code : read_effect(&cell.effect, object);
    code = code != 0 ? code
                     : read_count(&cell.decided, object, "decided", 1, BENCH__PEER_DECIDED_MAX, "");
    code = code != 0 ? code
                     : read_count(&cell.called, object, "called", 0, cell.decided, "\"decided\", ");
    code = code != 0 ? code
                     : read_count(&cell.slower, object, "slower", 0, cell.called, "\"called\", ");
    for (size_t i = 0; code == 0 && i < peer->n_cells; i++) {
        if (is_same_cell(&peer->cells[i], &cell)) {
            code = bench__json_error(object, "has the same body and effect as cells[%zu]", i);
        }
    }
    if (code == 0) {
        peer->cells[peer->n_cells++] = cell;
    }
    return code;
}

/* The elements of an array, of which there are from 1 to `max`. */
static int read_length(size_t *out, const struct bench__json *array, size_t max) {
    const int code = bench__json_expect_array(array);
    *out = bench__json_length(array);
    if (code == 0 && (*out < 1 || *out > max)) {
        return bench__json_error(array, "must have from 1 to %zu elements, not %zu", max, *out);
    }
    return code;
}

static int read_cells(struct bench__peer *peer, const struct bench__json *object) {
    const struct bench__json cells = bench__json_get(object, "cells");
    size_t n = 0;
    int code = read_length(&n, &cells, sizeof peer->cells / sizeof *peer->cells);
    for (size_t i = 0; code == 0 && i < n; i++) {
        const struct bench__json at = bench__json_at(&cells, i);
        code = read_cell(peer, &at);
    }
    return code;
}

static int read_peer(struct bench__peers *peers, const struct bench__json *object) {
    static const char *const known[] = {"cells", "rule", "tool", "version"};
    struct bench__peer *peer = &peers->items[peers->n];
    int code = bench__json_expect_keys(object, known, sizeof known / sizeof *known);
    code = code != 0 ? code : read_short_name(peer->tool, BENCH__PEER_TOOL_MAX, object, "tool");
    code = code != 0 ? code
                     : read_short_name(peer->version, BENCH__PEER_VERSION_MAX, object, "version");
    code = code != 0 ? code : read_short_name(peer->rule, BENCH__PEER_RULE_MAX, object, "rule");
    for (size_t i = 0; code == 0 && i < peers->n; i++) {
        if (strcmp(peers->items[i].tool, peer->tool) == 0) {
            const struct bench__json tool = bench__json_get(object, "tool");
            code = bench__json_error(&tool, i < BENCH__PEERS_OWN
                                                ? "is the name of a row made from the duels"
                                                : "is the name of an earlier tool");
        }
    }
    code = code != 0 ? code : read_cells(peer, object);
    peers->n += code == 0;
    return code;
}

static void add_own(struct bench__peers *peers) {
    static const char *const names[BENCH__PEERS_OWN] = {"libbench", "libbench, verdict"};
    for (; peers->n < BENCH__PEERS_OWN; peers->n++) {
        struct bench__peer *peer = &peers->items[peers->n];
        snprintf(peer->tool, sizeof peer->tool, "%s", names[peers->n]);
        snprintf(peer->version, sizeof peer->version, "%.24s", bench_version());
    }
}

static int read_peers(struct bench__peers *out, const struct bench__json *root, bench_error *err) {
    static const char *const known[] = {"format_version", "tools"};
    const struct bench__json tools = bench__json_get(root, "tools");
    size_t n = 0;
    int code = bench__json_check_version(root, BENCH__PEERS_FORMAT_VERSION);
    code = code != 0 ? code : bench__json_expect_keys(root, known, sizeof known / sizeof *known);
    code = code != 0 ? code : read_length(&n, &tools, BENCH__PEERS_MAX);
    if (code != 0) {
        return code;
    }
    out->items = bench__alloc(BENCH__PEERS_OWN + n, sizeof *out->items);
    if (out->items == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    add_own(out);
    for (size_t i = 0; code == 0 && i < n; i++) {
        const struct bench__json at = bench__json_at(&tools, i);
        code = read_peer(out, &at);
    }
    return code;
}

int bench__peers_load(struct bench__peers *out, const char *path, bench_error *err) {
    char *text = NULL;
    size_t n = 0;
    struct bench__json_doc doc;
    *out = (struct bench__peers){0};
    int code = bench__read_file(&text, &n, path, MAX_FILE_BYTES, err);
    if (code == 0) {
        code = bench__json_parse(&doc, path, 1, text, n, err);
        if (code == 0) {
            const struct bench__json root = bench__json_root(&doc);
            code = read_peers(out, &root, err);
            bench__json_clear(&doc);
        }
    }
    bench__free(text);
    if (code != 0) {
        bench__peers_clear(out);
    }
    return code;
}

void bench__peers_clear(struct bench__peers *peers) {
    bench__free(peers->items);
    *peers = (struct bench__peers){0};
}

/* ---- counting ---- */

static struct bench__peer_cell *cell_of(struct bench__peer *peer, const struct bench__trial *t) {
    const struct bench__peer_cell wanted = {.body = t->body, .effect = t->effect};
    for (size_t i = 0; i < peer->n_cells; i++) {
        if (is_same_cell(&peer->cells[i], &wanted)) {
            return &peer->cells[i];
        }
    }
    peer->cells[peer->n_cells] = wanted;
    return &peer->cells[peer->n_cells++];
}

static void count(struct bench__peer *peer, const struct bench__trial *t, int direction) {
    struct bench__peer_cell *cell = cell_of(peer, t);
    cell->decided++;
    cell->called += direction != 0;
    cell->slower += direction > 0;
}

void bench__peers_count_own(struct bench__peers *peers, const struct bench__trials *trials,
                            const struct bench__selftest_plan *plan) {
    struct bench__peer *found = &peers->items[0], *verdict = &peers->items[1];
    found->n_cells = verdict->n_cells = 0;
    snprintf(found->rule, sizeof found->rule, "%g %% interval of a duel does not hold zero",
             100 * (1 - plan->alpha));
    snprintf(verdict->rule, sizeof verdict->rule, "the duel's verdict at a threshold of %g %%",
             100 * plan->threshold);
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        count(found, t, t->direction);
        count(verdict, t,
              (t->verdict == BENCH_VERDICT_REGRESSED) - (t->verdict == BENCH_VERDICT_IMPROVED));
    }
}

struct bench__peer_cell bench__peer_sum(const struct bench__peer *peer,
                                        enum bench__selftest_body body, int effect) {
    struct bench__peer_cell sum = {.body = body, .effect = effect};
    for (size_t i = 0; i < peer->n_cells; i++) {
        const struct bench__peer_cell *cell = &peer->cells[i];
        if (cell->effect == effect && (body == BENCH__N_BODIES || cell->body == body)) {
            sum.decided += cell->decided;
            sum.called += cell->called;
            sum.slower += cell->slower;
        }
    }
    return sum;
}

struct bench__share bench__peer_found(const struct bench__peer_cell *cell) {
    return bench__share_of(cell->effect == 0 ? cell->called : cell->slower, cell->decided);
}
