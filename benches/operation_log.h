/* operation_log.h - what the two files of the suite operation_log share. */
#ifndef OPERATION_LOG_H
#define OPERATION_LOG_H

#include "minibus/oplog.h"

/* All return a code of the broker. */

/** Writes n operations on up to 4000 keys, with values of 100 bytes; every tenth is a deletion.
 *  Another `first` gives another order of keys and other values. */
int operation_log_write(mb_oplog *log, uint32_t first, uint32_t n);

/** A log of its own with the same operations. @param out owned by the caller, also on failure. */
int operation_log_copy(mb_oplog **out, const mb_oplog *log, uint32_t replica);

/** Two replicas, 1 and 2, that know nothing of each other, with n_ops operations each on partly the
 *  same keys. @param a, b NULL on entry; owned by the caller, also on failure. */
int operation_log_diverge(mb_oplog **a, mb_oplog **b, uint32_t n_ops);

#endif
