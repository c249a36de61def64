/* Two ways to the union of two logs: by what is new, and from scratch. */
#include <stdlib.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/oplog.h"

/* One replica's history. Its last common operation tells whether both are the same history: a
 * comparison of all would cost what an incremental merge is there to save. */
static int merge_history(mb_oplog *into, const mb_oplog *from, const mb_history *history,
                         size_t *n_merged) {
    const uint64_t have = mb_oplog_n_ops_of(into, history->replica);
    const uint64_t common = have < history->n_ops ? have : history->n_ops;
    int rc = 0;
    for (uint64_t i = common ? common - 1 : 0; i < history->n_ops && rc == 0; i++) {
        mb_op op;
        mb_oplog_op(&op, from, history->replica, i);
        rc = mb_oplog_apply(into, &op, i);
        *n_merged += rc == 0 && i >= have;
    }
    return rc;
}

int mb_oplog_merge(mb_oplog *into, const mb_oplog *from, size_t *n_merged) {
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < mb_oplog_n_histories(from) && rc == 0; i++) {
        const mb_history history = mb_oplog_history(from, i);
        rc = merge_history(into, from, &history, &n);
    }
    if (n_merged) {
        *n_merged = n;
    }
    return rc;
}

/* ---- from scratch ---------------------------------------------------------------------------- */

struct item {
    mb_op op;
    uint64_t index; /* in its history */
};

static int compare(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    if (x->op.clock != y->op.clock) {
        return x->op.clock < y->op.clock ? -1 : 1;
    }
    return (x->op.replica > y->op.replica) - (x->op.replica < y->op.replica);
}

static size_t collect(struct item *items, const mb_oplog *log) {
    size_t n = 0;
    for (size_t h = 0; h < mb_oplog_n_histories(log); h++) {
        const mb_history history = mb_oplog_history(log, h);
        for (uint64_t i = 0; i < history.n_ops; i++) {
            mb_oplog_op(&items[n].op, log, history.replica, i);
            items[n++].index = i;
        }
    }
    return n;
}

static int replay(mb_oplog *log, const struct item *items, size_t n) {
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = mb_oplog_apply(log, &items[i].op, items[i].index); /* twins change nothing */
    }
    return rc == MB_EFORMAT ? MB_ECONFLICT : rc; /* histories of one replica that do not fit */
}

int mb_oplog_merge_full(mb_oplog **out, const mb_oplog *a, const mb_oplog *b, uint32_t replica) {
    const size_t n = mb_oplog_n_ops(a) + mb_oplog_n_ops(b);
    struct item *items = mb__alloc_zeroed(n + 1, sizeof *items);
    mb_oplog *log = NULL;
    int rc = items ? mb_oplog_new(&log, replica) : MB_ENOMEM;
    if (rc == 0) {
        const size_t n_a = collect(items, a);
        collect(items + n_a, b);
        qsort(items, n, sizeof *items, compare);
        rc = replay(log, items, n);
    }
    mb__free(items);
    if (rc) {
        mb_oplog_free(log);
        return rc;
    }
    *out = log;
    return 0;
}
