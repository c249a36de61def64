/* Histories as arrays of pointers, one allocation per operation; the table is a hash of the winning
 * operations, deletions included, since an older put may still arrive. */
#include "minibus/oplog.h"

#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"

struct record {
    mb_op op;      /* its key and value are in `bytes` */
    uint64_t hash; /* of the key */
    unsigned char bytes[];
};

struct history {
    uint32_t replica;
    size_t n, capacity;
    struct record **records;
};

struct mb_oplog {
    uint32_t replica;
    uint64_t clock; /* the highest there is */
    uint64_t digest;
    size_t n_ops, n_keys;
    struct history *histories; /* in the order in which they became known */
    size_t n_histories, histories_capacity;
    struct record **table; /* open addressing; the capacity is a power of 2 */
    size_t table_used, table_capacity;
};

int mb_oplog_new(mb_oplog **out, uint32_t replica) {
    mb_oplog *log = mb__alloc_zeroed(1, sizeof *log);
    if (!log) {
        return MB_ENOMEM;
    }
    log->replica = replica;
    *out = log;
    return 0;
}

void mb_oplog_free(mb_oplog *log) {
    if (!log) {
        return;
    }
    for (size_t h = 0; h < log->n_histories; h++) {
        for (size_t i = 0; i < log->histories[h].n; i++) {
            mb__free(log->histories[h].records[i]);
        }
        mb__free(log->histories[h].records);
    }
    mb__free(log->histories);
    mb__free(log->table);
    mb__free(log);
}

/* ---- operations ------------------------------------------------------------------------------ */

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ p[i]) * 0x100000001b3u;
    }
    return hash;
}

static uint64_t hash_key(const void *key, size_t size) {
    return hash_bytes(0xcbf29ce484222325u, key, size);
}

static uint64_t digest_of(const struct record *r) {
    const uint64_t header[] = {r->op.clock, r->op.replica, (uint64_t)r->op.kind, r->op.value_size};
    const uint64_t hash = hash_bytes(r->hash, header, sizeof header);
    return hash_bytes(hash, r->op.value, r->op.value_size);
}

static int is_valid(const mb_op *op) {
    return op->clock >= 1 && op->clock <= MB_OP_CLOCK_MAX && op->key_size >= 1 &&
           op->key_size <= MB_OP_KEY_MAX && op->value_size <= MB_OP_VALUE_MAX &&
           (op->kind == MB_OP_PUT || (op->kind == MB_OP_DELETE && op->value_size == 0));
}

static struct record *record_new(const mb_op *op) {
    struct record *r = mb__alloc(sizeof *r + op->key_size + op->value_size);
    if (!r) {
        return NULL;
    }
    memcpy(r->bytes, op->key, op->key_size);
    if (op->value_size != 0) {
        memcpy(r->bytes + op->key_size, op->value, op->value_size);
    }
    r->op = *op;
    r->op.key = r->bytes;
    r->op.value = r->bytes + op->key_size;
    r->hash = hash_key(op->key, op->key_size);
    return r;
}

static int is_same(const mb_op *a, const mb_op *b) {
    return a->clock == b->clock && a->replica == b->replica && a->kind == b->kind &&
           a->key_size == b->key_size && a->value_size == b->value_size &&
           memcmp(a->key, b->key, a->key_size) == 0 &&
           (a->value_size == 0 || memcmp(a->value, b->value, a->value_size) == 0);
}

static int is_later(const mb_op *a, const mb_op *b) {
    return a->clock != b->clock ? a->clock > b->clock : a->replica > b->replica;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* @return where the key is or would be. The table has a free place. */
static struct record **find(struct record **table, size_t capacity, const void *key,
                            size_t key_size, uint64_t hash) {
    size_t at = hash & (capacity - 1);
    while (table[at] && (table[at]->hash != hash || table[at]->op.key_size != key_size ||
                         memcmp(table[at]->op.key, key, key_size) != 0)) {
        at = (at + 1) & (capacity - 1);
    }
    return &table[at];
}

/* Room for one more key, and three quarters full at most. */
static int reserve_key(mb_oplog *log) {
    if ((log->table_used + 1) * 4 <= log->table_capacity * 3) {
        return 0;
    }
    const size_t capacity = log->table_capacity ? log->table_capacity * 2 : 64;
    struct record **grown = mb__alloc_zeroed(capacity, sizeof *grown);
    if (!grown) {
        return MB_ENOMEM;
    }
    for (size_t i = 0; i < log->table_capacity; i++) {
        struct record *r = log->table[i];
        if (r) {
            *find(grown, capacity, r->op.key, r->op.key_size, r->hash) = r;
        }
    }
    mb__free(log->table);
    log->table = grown;
    log->table_capacity = capacity;
    return 0;
}

static void decide(mb_oplog *log, struct record *r) {
    struct record **at = find(log->table, log->table_capacity, r->op.key, r->op.key_size, r->hash);
    if (!*at) {
        log->table_used++;
    } else if (!is_later(&r->op, &(*at)->op)) {
        return;
    } else if ((*at)->op.kind == MB_OP_PUT) {
        log->n_keys--;
    }
    *at = r;
    log->n_keys += r->op.kind == MB_OP_PUT;
}

int mb_oplog_get(mb_op *out, const mb_oplog *log, const void *key, size_t key_size) {
    if (log->table_used == 0) {
        return 0;
    }
    const struct record *r =
        *find(log->table, log->table_capacity, key, key_size, hash_key(key, key_size));
    if (!r || r->op.kind != MB_OP_PUT) {
        return 0;
    }
    *out = r->op;
    return 1;
}

/* ---- histories ------------------------------------------------------------------------------- */

static struct history *history_of(const mb_oplog *log, uint32_t replica) {
    for (size_t i = 0; i < log->n_histories; i++) {
        if (log->histories[i].replica == replica) {
            return &log->histories[i];
        }
    }
    return NULL;
}

/* Doubles an array of which `n` elements are used. */
static int grow(void **array, size_t *capacity, size_t n, size_t size) {
    if (n < *capacity) {
        return 0;
    }
    const size_t new_capacity = *capacity ? *capacity * 2 : 8;
    void *grown = mb__alloc_zeroed(new_capacity, size);
    if (!grown) {
        return MB_ENOMEM;
    }
    if (n != 0) {
        memcpy(grown, *array, n * size);
    }
    mb__free(*array);
    *array = grown;
    *capacity = new_capacity;
    return 0;
}

/* The history that exists, or an empty one behind the others, which does not count yet. */
static int find_or_prepare(struct history **out, mb_oplog *log, uint32_t replica) {
    *out = history_of(log, replica);
    if (*out) {
        return 0;
    }
    if (log->n_histories == MB_OPLOG_REPLICAS_MAX) {
        return MB_ELIMIT;
    }
    void *array = log->histories;
    const int rc = grow(&array, &log->histories_capacity, log->n_histories, sizeof **out);
    log->histories = array;
    if (rc == 0) {
        *out = &log->histories[log->n_histories];
        (*out)->replica = replica;
    }
    return rc;
}

/* Room for one record more. It is the last step that can fail: a new history counts after it. */
static int reserve_record(struct history *h) {
    void *array = h->records;
    const int rc = grow(&array, &h->capacity, h->n, sizeof(struct record *));
    h->records = array;
    return rc;
}

static int append(mb_oplog *log, const mb_op *op) {
    struct history *h;
    int rc = find_or_prepare(&h, log, op->replica);
    if (rc == 0) {
        rc = reserve_key(log);
    }
    struct record *r = rc == 0 ? record_new(op) : NULL;
    if (!r) {
        return rc ? rc : MB_ENOMEM;
    }
    if (reserve_record(h)) {
        mb__free(r);
        return MB_ENOMEM;
    }
    log->n_histories += h == &log->histories[log->n_histories];
    h->records[h->n++] = r;
    log->n_ops++;
    log->digest += digest_of(r);
    log->clock = op->clock > log->clock ? op->clock : log->clock;
    decide(log, r);
    return 0;
}

int mb_oplog_apply(mb_oplog *log, const mb_op *op, uint64_t index) {
    if (!is_valid(op)) {
        return MB_EFORMAT;
    }
    const struct history *h = history_of(log, op->replica);
    const uint64_t n = h ? h->n : 0;
    if (index < n) {
        return is_same(&h->records[index]->op, op) ? 0 : MB_ECONFLICT;
    }
    if (index > n || (n != 0 && h->records[n - 1]->op.clock >= op->clock)) {
        return MB_EFORMAT;
    }
    return append(log, op);
}

static int write_own(mb_oplog *log, mb_op op) {
    if (op.key_size == 0) {
        return MB_EINVAL;
    }
    op.replica = log->replica;
    op.clock = log->clock + 1;
    return is_valid(&op) ? append(log, &op) : MB_ELIMIT;
}

int mb_oplog_put(mb_oplog *log, const void *key, size_t key_size, const void *value,
                 size_t value_size) {
    return write_own(log, (mb_op){.kind = MB_OP_PUT,
                                  .key = key,
                                  .key_size = key_size,
                                  .value = value,
                                  .value_size = value_size});
}

int mb_oplog_delete(mb_oplog *log, const void *key, size_t key_size) {
    return write_own(log, (mb_op){.kind = MB_OP_DELETE, .key = key, .key_size = key_size});
}

size_t mb_oplog_n_keys(const mb_oplog *log) {
    return log->n_keys;
}

size_t mb_oplog_n_ops(const mb_oplog *log) {
    return log->n_ops;
}

uint64_t mb_oplog_digest(const mb_oplog *log) {
    return log->digest;
}

size_t mb_oplog_n_histories(const mb_oplog *log) {
    return log->n_histories;
}

mb_history mb_oplog_history(const mb_oplog *log, size_t i) {
    return (mb_history){log->histories[i].replica, log->histories[i].n};
}

uint64_t mb_oplog_n_ops_of(const mb_oplog *log, uint32_t replica) {
    const struct history *h = history_of(log, replica);
    return h ? h->n : 0;
}

int mb_oplog_op(mb_op *out, const mb_oplog *log, uint32_t replica, uint64_t index) {
    const struct history *h = history_of(log, replica);
    if (!h || index >= h->n) {
        return 0;
    }
    *out = h->records[index]->op;
    return 1;
}
