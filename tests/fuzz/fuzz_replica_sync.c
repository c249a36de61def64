/* What a replica may be sent: the exchange ends, and what was taken over makes a valid log. */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/replica_sync.h"

enum { SIZE_MAX_IN_SOCKET = 32768 }; /* a socket pair holds it without a reader */

/* A log with two histories, so that what comes in can agree or collide with them. */
static mb_oplog *new_log(void) {
    mb_oplog *log;
    FUZZ_CHECK(mb_oplog_new(&log, 1) == 0);
    FUZZ_CHECK(mb_oplog_put(log, "a", 1, "v", 1) == 0);
    FUZZ_CHECK(mb_oplog_delete(log, "a", 1) == 0);
    const mb_op op = {.clock = 1, .replica = 7, .kind = MB_OP_PUT, .key = "k", .key_size = 1};
    FUZZ_CHECK(mb_oplog_apply(log, &op, 0) == 0);
    return log;
}

/* Replaying all of it in order leads to the same log. */
static void check_valid(const mb_oplog *log) {
    mb_oplog *empty, *replayed;
    FUZZ_CHECK(mb_oplog_n_ops(log) >= 3);
    FUZZ_CHECK(mb_oplog_new(&empty, 9) == 0);
    FUZZ_CHECK(mb_oplog_merge_full(&replayed, log, empty, 9) == 0);
    FUZZ_CHECK(mb_oplog_n_ops(replayed) == mb_oplog_n_ops(log));
    FUZZ_CHECK(mb_oplog_n_keys(replayed) == mb_oplog_n_keys(log));
    FUZZ_CHECK(mb_oplog_digest(replayed) == mb_oplog_digest(log));
    mb_oplog_free(replayed);
    mb_oplog_free(empty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int sockets[2];
    mb_sync_stats stats;
    if (size > SIZE_MAX_IN_SOCKET) {
        return 0;
    }
    mb_oplog *log = new_log();
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    FUZZ_CHECK(write(sockets[1], data, size) == (ssize_t)size);
    shutdown(sockets[1], SHUT_WR);
    const int rc = mb_sync_run(log, sockets[0], MB_FOREVER, &stats);
    FUZZ_CHECK(rc <= 0 && rc != MB_ETIMEOUT && rc != MB_ESYSTEM && rc != MB_ENOMEM);
    FUZZ_CHECK(stats.bytes_received <= size);
    check_valid(log);
    close(sockets[0]);
    close(sockets[1]);
    mb_oplog_free(log);
    return 0;
}
