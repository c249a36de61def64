/* minibus/transport_backend.h - the inside of transports, for the broker's own files. */
#ifndef MINIBUS_TRANSPORT_BACKEND_H
#define MINIBUS_TRANSPORT_BACKEND_H

#include "minibus/codec.h"
#include "minibus/transport.h"

enum { MB__URL_MAX = 2047, MB__HOST_MAX = 255 };

/* A URL in pieces, decoded; what is absent is "". The hosts are left as they are. */
struct mb__url {
    char text[MB__URL_MAX + 1];
    const char *scheme, *user, *password, *hosts, *path;
    int has_hosts; /* it has a // */
    int n_options;
    struct {
        const char *name, *value;
    } options[8];
};

/** @return 0, MB_EINVAL. */
int mb__url_parse(struct mb__url *url, const char *text, mb_error *error);
/** One of the hosts only. @return 0, MB_EINVAL. */
int mb__url_host(char host[MB__HOST_MAX + 1], int *port, const struct mb__url *url,
                 int default_port, mb_error *error);
/** A whole number among the options. @return 0, MB_EINVAL. */
int mb__url_number(int64_t *out, const struct mb__url *url, const char *name, int64_t fallback,
                   int64_t max, mb_error *error);
const char *mb__url_option(const struct mb__url *url, const char *name); /**< or NULL */
/** Refuses options that are not in the list, which ends with NULL. @return 0, MB_EINVAL. */
int mb__url_check_options(const struct mb__url *url, const char *const *known, mb_error *error);

/** The option timeout_ms, the only one that backends with a server take; 10 s without it.
 *  @return 0, MB_EINVAL (also for any other option). */
int mb__url_timeout(int64_t *out_ns, const struct mb__url *url, mb_error *error);
/** A copy, to be freed with mb__free(); NULL without memory. */
char *mb__copy_text(const char *text);

/* A backend's functions get checked arguments: topics, sizes, n > 0, one subscription. */
struct mb__backend {
    const char *scheme;
    int (*open)(mb_transport **out, const struct mb__url *url, mb_error *error);
    void (*close)(mb_transport *transport);
    int (*check_topic)(const char *topic, mb_error *error); /* may be NULL */
    int (*publish)(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error);
    int (*flush)(mb_transport *transport, mb_error *error); /* may be NULL */
    int (*subscribe)(mb_transport *transport, const char *topic, mb_error *error);
    int (*receive)(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error);
};

/* First member of every backend's own struct; open fills it, but for the subscription. */
struct mb_transport {
    const struct mb__backend *backend;
    const char *name;
    const char *guarantee[2]; /* by mb_confirm */
    char url[MB__HOST_MAX + 64];
    int is_subscribed;
};

extern const struct mb__backend mb__backend_inmemory, mb__backend_loopback, mb__backend_file,
    mb__backend_amqp, mb__backend_mqtt, mb__backend_kafka;

/** What every topic must be like, also one from a frame. @return 0, MB_EINVAL. */
int mb__topic_name_check(const void *name, size_t size, mb_error *error);

/** Milliseconds that poll() and its like understand, rounded up; -1 for MB_FOREVER. */
int mb__poll_ms(int64_t timeout_ns);
/** What is left until `deadline_ns` on the monotonic clock, not below 0; MB_FOREVER stays. */
int64_t mb__left_ns(int64_t deadline_ns);
int64_t mb__deadline_ns(int64_t timeout_ns);

/** Decodes what came from outside and says so when it is nothing. @return as receive. */
int mb__decode_received(mb_message **out, const void *data, size_t size, mb_error *error);
/** The encoded message, instead of what the buffer held. @return 0, MB_ENOMEM. */
int mb__encode_to_send(mb_buffer *buffer, const mb_message *message, mb_error *error);

#endif
