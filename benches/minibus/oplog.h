/*
 * minibus/oplog.h - a replicated table of keys and values, kept as a log of operations.
 *
 * Every replica appends to its own history; a log holds the histories of all replicas that it
 * knows, each complete from its beginning. Operations carry a Lamport clock, so that (clock,
 * replica) puts all of them in one order in which what was known comes before what was written
 * knowing it. The last operation for a key in that order decides its value: two logs with the same
 * operations show the same table, however they came by them.
 *
 * What one log lacks of another is the rest of each history behind the part it has. So merging
 * incrementally costs what is new, and never looks at what both have.
 *
 * A log belongs to one thread at a time.
 */
#ifndef MINIBUS_OPLOG_H
#define MINIBUS_OPLOG_H

#include <stddef.h>
#include <stdint.h>

typedef struct mb_oplog mb_oplog;

enum {
    MB_OPLOG_REPLICAS_MAX = 256,
    MB_OP_KEY_MAX = 65535,      /**< bytes; at least 1 */
    MB_OP_VALUE_MAX = 16 << 20, /**< bytes */
    MB_OP_DELETE = 0,
    MB_OP_PUT = 1
};

#define MB_OP_CLOCK_MAX ((uint64_t)INT64_MAX)

/** One operation, of any replica. Pointers into a log are valid until that log is freed. */
typedef struct mb_op {
    uint64_t clock; /**< 1 and more, rising within a replica */
    uint32_t replica;
    int kind; /**< MB_OP_PUT or MB_OP_DELETE */
    const void *key;
    const void *value; /**< of a put */
    size_t key_size, value_size;
} mb_op;

/** @param replica the number of this one, different for every log that is written to.
 *  @return 0, MB_ENOMEM. */
int mb_oplog_new(mb_oplog **out, uint32_t replica);
/** Accepts NULL. */
void mb_oplog_free(mb_oplog *log);

/* After a failure the log is as before. */

/** Writes, as this replica. @return 0, MB_ENOMEM, MB_EINVAL (no key), MB_ELIMIT. */
int mb_oplog_put(mb_oplog *log, const void *key, size_t key_size, const void *value,
                 size_t value_size);
int mb_oplog_delete(mb_oplog *log, const void *key, size_t key_size);

/** Reads the table. @return 1 and the operation that put the value, or 0 without one. */
int mb_oplog_get(mb_op *out, const mb_oplog *log, const void *key, size_t key_size);
size_t mb_oplog_n_keys(const mb_oplog *log); /**< that have a value */
size_t mb_oplog_n_ops(const mb_oplog *log);
/** A checksum of the operations in the log: the same for the same ones in any order of arrival.
 *  Against accidents only. */
uint64_t mb_oplog_digest(const mb_oplog *log);

/* ---- histories ------------------------------------------------------------------------------- */

/** How much of a replica's history a log holds. */
typedef struct mb_history {
    uint32_t replica;
    uint64_t n_ops;
} mb_history;

/** @return how many replicas the log knows: those that have written something. */
size_t mb_oplog_n_histories(const mb_oplog *log);
mb_history mb_oplog_history(const mb_oplog *log, size_t i);
/** @return operations held of that replica; 0 when it is unknown. */
uint64_t mb_oplog_n_ops_of(const mb_oplog *log, uint32_t replica);
/** Operation `index` of that replica, from 0. @return 1, or 0 when the log does not hold it. */
int mb_oplog_op(mb_op *out, const mb_oplog *log, uint32_t replica, uint64_t index);

/** Takes over operation `index` of its replica. One that is there already changes nothing.
 *  @return 0, MB_ENOMEM, MB_ELIMIT (too many replicas), MB_EFORMAT (a gap, or nothing that a log
 *  could hold there), MB_ECONFLICT (another operation is there). */
int mb_oplog_apply(mb_oplog *log, const mb_op *op, uint64_t index);

/** Takes over what the other log has more. After MB_ENOMEM a part of it is there, and merging again
 *  takes the rest. @param n_merged receives how many; may be NULL. @return as mb_oplog_apply();
 *  MB_ECONFLICT when two histories of one replica end the common part differently. */
int mb_oplog_merge(mb_oplog *into, const mb_oplog *from, size_t *n_merged);

/** The same result from scratch: sorts all operations of both logs and replays them, as `replica`.
 *  What mb_oplog_merge() is compared with. @return as that. */
int mb_oplog_merge_full(mb_oplog **out, const mb_oplog *a, const mb_oplog *b, uint32_t replica);

#endif
