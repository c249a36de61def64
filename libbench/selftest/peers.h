/*
 * selftest/peers.h - how often other tools called equal code changed and slower code slower, on the
 * same machine (docs/schema/peers.schema.json), beside the decisions of a selftest.
 */
#ifndef BENCH_SELFTEST_PEERS_H
#define BENCH_SELFTEST_PEERS_H

#include "result/json.h"
#include "selftest/summary.h"

#define BENCH__PEERS_FORMAT_VERSION 1

enum {
    BENCH__PEERS_MAX = 16, /* tools of a file */
    BENCH__PEERS_OWN = 2,  /* rows of this tool: what was found, and the verdicts */
    BENCH__PEER_TOOL_MAX = 18,
    BENCH__PEER_VERSION_MAX = 24,
    BENCH__PEER_RULE_MAX = 76,       /* characters, not bytes */
    BENCH__PEER_DECIDED_MAX = 100000 /* keeps tables narrow */
};

/** Verdicts about one body with one slowdown. */
struct bench__peer_cell {
    enum bench__selftest_body body;
    int effect;                     /* thousandths */
    size_t decided, called, slower; /* called: changed in either direction; of them: slower */
};

struct bench__peer {
    char tool[4 * BENCH__PEER_TOOL_MAX + 1];
    char version[4 * BENCH__PEER_VERSION_MAX + 1];
    char rule[4 * BENCH__PEER_RULE_MAX + 1]; /* when it calls something changed */
    struct bench__peer_cell cells[BENCH__N_BODIES * BENCH__SELFTEST_MAX_EFFECTS];
    size_t n_cells;
};

struct bench__peers {
    struct bench__peer *items; /* the first BENCH__PEERS_OWN are this tool's; owned */
    size_t n;
};

/** Reads a file; this tool's items have no cells yet. @return 0, BENCH_EFORMAT, BENCH_EVERSION,
 *  BENCH_ENOTFOUND, BENCH_EIO, BENCH_ENOMEM, with *out empty. Clear with bench__peers_clear(). */
int bench__peers_load(struct bench__peers *out, const char *path, bench_error *err);
void bench__peers_clear(struct bench__peers *peers);

/** Counts the decisions of a selftest into this tool's items. */
void bench__peers_count_own(struct bench__peers *peers, const struct bench__trials *trials,
                            const struct bench__selftest_plan *plan);

/** Decisions of one tool about a body, or all (BENCH__N_BODIES), with one slowdown. */
struct bench__peer_cell bench__peer_sum(const struct bench__peer *peer,
                                        enum bench__selftest_body body, int effect);
/** What counts as found: of equals those called changed, of slower ones those called slower. */
struct bench__share bench__peer_found(const struct bench__peer_cell *cell);

/** Table of the slowdowns that the file is about; at most 80 columns. */
void bench__peers_text(struct bench__strbuf *out, const struct bench__peers *peers, int is_verbose);
/** Writes the array "peers". */
void bench__peers_json(struct bench__json_writer *w, const struct bench__peers *peers);

#endif
