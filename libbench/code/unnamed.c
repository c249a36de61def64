/*
 * Data without a name: literals and tables. Where such a thing starts is known, where it ends is
 * not; see extents.c. A text ends with its NUL, a table with its last entry, anything else where
 * the next thing starts.
 */
#include "code/comparison.h"

#include <string.h>

#define SAME    BENCH_CODE_IDENTICAL
#define UNKNOWN BENCH_CODE_UNKNOWN

/* A text shorter than this may be a number, and a table a few numbers. */
#define MIN_TEXT  4
#define MIN_TABLE 3

/* Bytes of a text and its NUL; 0 when it is none. */
static uint64_t text_length(const unsigned char *bytes, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        if (bytes[i] == '\0') {
            return i + 1;
        }
        if (bytes[i] < ' ' && strchr("\t\n\r\033", bytes[i]) == NULL) {
            return 0;
        }
    }
    return 0;
}

static int follows_text(const struct bench__both *t, int side) {
    const unsigned char *bytes = bench__both_bytes(t, side);
    return t->at[side] > t->section[side]->address && bytes[-1] >= ' ';
}

/* Nothing but padding between the end of a text and the next start. */
static int is_padded(const unsigned char *bytes, uint64_t n, uint64_t extent) {
    for (; n < extent && bytes[n] == 0; n++) {
    }
    return n == extent;
}

/* What follows a text may differ when it is known to be one and to end where it ends: it is long
 * enough not to be a number, something else starts after it, or it is the end of a longer text,
 * which linkers use when they can. For that reason a start in its middle says nothing. */
static int same_text(const struct bench__both *t, const uint64_t extent[2]) {
    const unsigned char *a = bench__both_bytes(t, 0), *b = bench__both_bytes(t, 1);
    if (a == NULL || b == NULL) {
        return 0;
    }
    const uint64_t n = text_length(a, bench__both_left(t, 0));
    return n > 0 && n <= bench__both_left(t, 1) && memcmp(a, b, n) == 0 &&
           (n > MIN_TEXT || follows_text(t, 0) || follows_text(t, 1) ||
            (is_padded(a, n, extent[0]) && is_padded(b, n, extent[1])));
}

/* Entry i of a table of distances from its own start, as a pair of the addresses it leads to. */
static struct bench__both entry_of(const struct bench__comparison *c, const struct bench__both *t,
                                   uint64_t i) {
    int32_t entry[2];
    for (int side = 0; side < 2; side++) {
        memcpy(&entry[side], bench__both_bytes(t, side) + 4 * i, 4);
    }
    return bench__both_of(c, t->at[0] + (uint64_t)(int64_t)entry[0],
                          t->at[1] + (uint64_t)(int64_t)entry[1]);
}

static int is_beyond(const struct bench__both *t, const struct bench__both *entry,
                     const uint64_t extent[2]) {
    return entry->at[0] - t->at[0] >= extent[0] && entry->at[1] - t->at[1] >= extent[1];
}

/* 1: to code; 2: to a text, or to data with a symbol; 0: to nothing that a table would hold. */
static int kind_of_entry(const struct bench__comparison *c, const struct bench__both *t,
                         const struct bench__both *entry, const uint64_t extent[2]) {
    if (entry->section[0] == NULL || entry->section[1] == NULL || !is_beyond(t, entry, extent) ||
        entry->section[0]->is_code != entry->section[1]->is_code) {
        return 0;
    }
    if (entry->section[0]->is_code) {
        return 1;
    }
    for (int side = 0; side < 2; side++) {
        const struct bench__elf_symbol *o = bench__elf_object_at(c->elf[side], entry->at[side]);
        const unsigned char *bytes = bench__both_bytes(entry, side);
        if ((o == NULL || o->address != entry->at[side]) &&
            (bytes == NULL || text_length(bytes, bench__both_left(entry, side)) == 0)) {
            return 0;
        }
    }
    return 2;
}

/* Compilers make tables of distances of a switch, all to code or all to data. A table ends where
 * its entries no longer lead there. Where they lead decides, whether they are equal or not.
 * @return how many there are. */
static uint64_t follow_table(bench_code *out, struct bench__comparison *c,
                             const struct bench__both *t, const uint64_t extent[2]) {
    const uint64_t n = (extent[0] < extent[1] ? extent[0] : extent[1]) / 4;
    const int has_bytes = bench__both_bytes(t, 0) != NULL && bench__both_bytes(t, 1) != NULL;
    uint64_t i = 0;
    *out = SAME;
    for (int kind = 0; *out == SAME && has_bytes && i < n; i++) {
        const struct bench__both entry = entry_of(c, t, i);
        const int is = kind_of_entry(c, t, &entry, extent);
        if (is == 0 || (i > 0 && is != kind)) {
            break;
        }
        kind = is;
        *out = bench__code_same_address(c, entry.at[0], entry.at[1], BENCH__TO_ADDRESS, 0);
    }
    return i;
}

bench_code bench__code_same_unnamed(struct bench__comparison *c, const struct bench__part *part) {
    const struct bench__both t = bench__both_of(c, part->at[0], part->at[1]);
    uint64_t extent[2];
    for (int side = 0; side < 2; side++) {
        if (bench__extents_find(c->elf[side]) != 0) {
            c->has_failed = 1;
            return bench__code_say(c, UNKNOWN, "out of memory");
        }
        extent[side] = bench__extent(c->elf[side], t.at[side]);
    }
    if (same_text(&t, extent)) {
        c->n_work += extent[0];
        return SAME;
    }
    bench_code answer;
    const uint64_t n_entries = follow_table(&answer, c, &t, extent);
    if (answer != SAME || n_entries >= MIN_TABLE) {
        return answer; /* what comes after a table is something else */
    }
    return extent[0] == extent[1] ? bench__code_same_bytes(c, &t, extent[0])
                                  : bench__code_data_differ(c);
}
