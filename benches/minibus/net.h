/* minibus/net.h - TCP with time limits, for the broker's own files. */
#ifndef MINIBUS_NET_H
#define MINIBUS_NET_H

#include <stddef.h>
#include <stdint.h>

#include "minibus/error.h"

/** Connects; what is sent is not delayed to be joined. @param fd receives a socket that does not
 *  block. @return 0, MB_EUNREACHABLE, MB_ESYSTEM. */
int mb__net_connect(int *fd, const char *host, int port, int64_t timeout_ns, mb_error *error);

/** Listens on the loopback address; what is sent over accepted connections is not delayed to be
 *  joined. @param port 0 for any; receives the one there is. @return 0,
 *  MB_ESYSTEM, such as for a port in use. */
int mb__net_listen(int *fd, int *port, mb_error *error);

/** Sends all of it. @return 0, MB_ETIMEOUT, MB_ELOST; the error is not filled. */
int mb__net_send(int fd, const void *data, size_t size, int64_t deadline_ns);

/** Waits until there is something to read. @return 0, MB_ETIMEOUT. */
int mb__net_wait_readable(int fd, int64_t deadline_ns);

#endif
