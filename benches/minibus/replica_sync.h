/*
 * minibus/replica_sync.h - brings two operation logs to the same content over a stream socket.
 *
 * Both sides run the same: each tells how much of every history it holds, sends what the other
 * lacks in order, and says when that was all. Sending and receiving go on at the same time, so two
 * full socket buffers do not stop each other. What arrives is applied at once: an exchange that
 * breaks off leaves both logs valid, and the next one goes on from there.
 *
 * Frames: u32 size of the body, u8 type, body; numbers are little endian.
 *     1 hello: u8 version, u32 n, n times { u32 replica, u64 operations held }
 *     2 operations of one replica: u32 replica, u64 index of the first, u32 n, n times
 *       { u64 clock, u8 kind, u16 key size, u32 value size, key, value }
 *     3 done: nothing
 * Everything that arrives is checked, except that histories which claim to be of one replica agree
 * where both sides have them: what would show that is not sent. Nothing beyond `done` is read, so a
 * socket can be used again.
 */
#ifndef MINIBUS_REPLICA_SYNC_H
#define MINIBUS_REPLICA_SYNC_H

#include "minibus/oplog.h"

enum { MB_SYNC_VERSION = 1 };

typedef struct mb_sync mb_sync;

/** So far. Bytes are those of the socket. */
typedef struct mb_sync_stats {
    uint64_t ops_sent, ops_received;
    uint64_t bytes_sent, bytes_received;
} mb_sync_stats;

/** An exchange over a connected stream socket, which stays the caller's and may be blocking or not.
 *  Until mb_sync_free() nothing may be written to the log. @return 0, MB_ENOMEM. */
int mb_sync_new(mb_sync **out, mb_oplog *log, int socket);
/** Accepts NULL. */
void mb_sync_free(mb_sync *sync);

/** At most so many bytes per system call: for tests of partial frames. 0 is without limit. */
void mb_sync_limit_io(mb_sync *sync, size_t n_bytes);

/** Waits until the socket is ready, at most timeout_ns, then sends and receives what it can at
 *  once.
 *  @return 0, MB_ETIMEOUT (nothing was ready), or what ends the exchange and is returned from then
 *  on: MB_EPEER, MB_EFORMAT, MB_EVERSION, MB_ECONFLICT, MB_ELIMIT, MB_ENOMEM, MB_ESYSTEM. */
int mb_sync_step(mb_sync *sync, int64_t timeout_ns);

/** Everything from the other side is in the log, and everything for it is in the socket. */
int mb_sync_is_done(const mb_sync *sync);
mb_sync_stats mb_sync_stats_now(const mb_sync *sync);

/** A whole exchange. @param timeout_ns the longest silence, or MB_FOREVER. @param stats may be
 *  NULL.
 *  @return as mb_sync_step(). */
int mb_sync_run(mb_oplog *log, int socket, int64_t timeout_ns, mb_sync_stats *stats);

#endif
