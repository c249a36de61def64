/*
 * minibus/busd.h - a small message server on the loopback address, in a thread of the caller's
 * process: what the loopback: transport talks to. One epoll loop; frames as in frame.h.
 *
 * Messages go to who is subscribed at that moment. A subscriber for whom more than
 * MB_BUSD_BACKLOG_MAX bytes would wait is disconnected. Whoever sends what is no frame, or no
 * message, is told so and disconnected; others do not notice. Without memory for all subscribers'
 * parts of a batch its publisher is told so and disconnected, and no subscriber gets any of it.
 */
#ifndef MINIBUS_BUSD_H
#define MINIBUS_BUSD_H

#include <stddef.h>

#include "minibus/error.h"

typedef struct mb_busd mb_busd;

#define MB_BUSD_BACKLOG_MAX ((size_t)256 << 20)

/** @param port 0 for any that is free. @return 0, MB_EINVAL, MB_ENOMEM, MB_ESYSTEM (also: the port
 *  is in use). */
int mb_busd_start(mb_busd **out, int port, mb_error *error);
/** Ends all connections and the thread. Accepts NULL. */
void mb_busd_stop(mb_busd *busd);
int mb_busd_port(const mb_busd *busd);

#endif
