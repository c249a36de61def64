/*
 * minibus/transport.h - messages through one of several backends, chosen by a URL:
 *
 *      inmemory:[?capacity=MESSAGES]              a broker of its own in this process
 *      loopback:                                  a busd of its own, in a thread of this process
 *      loopback://HOST:PORT                       a busd that is there already
 *      file:PATH[?sync=none|batch|each][&from=end|start]
 *                                                 a journal; default batch; receives what comes,
 *                                                 or all that is there and what comes
 *      amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST] RabbitMQ
 *      mqtt://[USER:PASSWORD@]HOST[:PORT]         an MQTT 3.1.1 broker
 *      kafka://HOST:PORT[,HOST:PORT...]           Kafka
 *      kafka:mock                                 librdkafka's own cluster, named "kafka-mock":
 *                                                 one for the whole process, until it ends
 *
 * Those with a server also take ?timeout_ms=N (default 10000, at most 600000): the limit of each
 * wait for the server but in receive. Nothing waits for ever unless MB_FOREVER says so.
 *
 * One thread may publish and flush while one other receives; for anything else a transport belongs
 * to one thread. After MB_ELOST a transport does not come back: close it and open another.
 */
#ifndef MINIBUS_TRANSPORT_H
#define MINIBUS_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/message.h"

typedef struct mb_transport mb_transport;

/** Payload and metadata of one message, encoded; some servers take less: MB_EREFUSED. */
#define MB_TRANSPORT_MESSAGE_MAX (((size_t)64 << 20) + ((size_t)128 << 10))

/** What is known when publish returns; in words, see mb_transport_guarantee(). */
typedef enum mb_confirm {
    MB_UNCONFIRMED = 0, /**< handed over; errors may show later or never */
    MB_CONFIRMED        /**< the backend has said that it took every message of the batch */
} mb_confirm;

/** All functions below that fail fill `error`, which may be NULL. */

/** @return 0, MB_EINVAL (the URL), MB_EUNREACHABLE, MB_EUNAVAILABLE, MB_EREFUSED, MB_ENOMEM,
 *  MB_ESYSTEM, MB_EFORMAT (no journal, or a damaged one). */
int mb_transport_open(mb_transport **out, const char *url, mb_error *error);
/** Gives everything back without flushing; waits for a bounded time at most. Accepts NULL. */
void mb_transport_close(mb_transport *transport);

/** Publishes n messages in this order; n may be 0. Topics: 1 to 255 bytes without control
 *  characters; mqtt also without + and #; kafka 1 to 249 of [A-Za-z0-9._-]. Unlike in a broker,
 *  after a failure a part of the batch may have been published.
 *  @return 0, MB_EINVAL, MB_ELIMIT (MB_TRANSPORT_MESSAGE_MAX), MB_EREFUSED, MB_ELOST, MB_ETIMEOUT,
 *  MB_EQUEUEFULL, MB_ENOMEM, MB_ESYSTEM. */
int mb_transport_publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                         size_t n, mb_confirm confirm, mb_error *error);

/** Hands over what still waits on this side. It confirms nothing. @return as publish. */
int mb_transport_flush(mb_transport *transport, mb_error *error);

/** Once per transport: gets what is published to the topic after the return of this.
 *  @return as publish. */
int mb_transport_subscribe(mb_transport *transport, const char *topic, mb_error *error);

/** Takes the next message. @param out receives a reference. @param timeout_ns 0 or more, or
 *  MB_FOREVER. @return 0, MB_ETIMEOUT, MB_EINVAL (not subscribed), MB_ELOST, MB_EFORMAT and
 *  MB_EVERSION (something else wrote to the topic; it is skipped, but for a damaged record of
 *  file:, behind which nothing can be found), MB_ENOMEM, MB_ESYSTEM. After MB_ENOMEM inmemory:,
 *  loopback: and file: give that message to the next call; others lose it. */
int mb_transport_receive(mb_message **out, mb_transport *transport, int64_t timeout_ns,
                         mb_error *error);

/** @return "inmemory", "loopback", "file", "rabbitmq", "mqtt", "kafka" or "kafka-mock". */
const char *mb_transport_name(const mb_transport *transport);

/** What is promised about a published message: persistence, acknowledgement, QoS. One line. */
const char *mb_transport_guarantee(const mb_transport *transport, mb_confirm confirm);

/** The URL at which other transports reach the same server, without a password; "" if none can. */
const char *mb_transport_url(const mb_transport *transport);

/** The URL of a backend: of `rabbitmq` from RABBITMQ_URL, of `mqtt` from MQTT_BROKER (HOST[:PORT]
 *  or a URL), of `kafka` from KAFKA_BROKERS (HOST:PORT,...). `inmemory`, `loopback` and
 *  `kafka-mock` need no variable; `file` needs a path, so it is refused here.
 *  @return 0, MB_EINVAL, MB_EUNREACHABLE when its variable is not set. */
int mb_transport_url_of(char *url, size_t size, const char *backend, mb_error *error);

/** Whether a failure to open means: leave this backend out and say why, with the error's text. */
static inline int mb_transport_is_skip(int code) {
    return code == MB_EUNREACHABLE || code == MB_EUNAVAILABLE;
}

#endif
