/*
 * nng as a peer: a pub0 and a sub0 socket of this process, over inproc. Its own threads carry
 * messages from one to the other. Buffers hold an iteration, so nothing is dropped.
 */
#include "in_memory_peers.h"

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

enum { RECEIVE_LIMIT_MS = 5000, PROBE_LIMIT_MS = 10, PROBES = 500 };

static const char url[] = "inproc://in_memory_peers";

struct nng_peer {
    nng_socket publisher, subscriber; /* id 0: not open */
};

static int failed(bench_state *b, int rc) {
    if (rc != 0) {
        bench_fail(b, "nng: %s", nng_strerror(rc));
    }
    return rc != 0;
}

static int send_message(const struct nng_peer *p, const void *payload) {
    nng_msg *message;
    int rc = nng_msg_alloc(&message, PEER_SIZE);
    if (rc == 0) {
        memcpy(nng_msg_body(message), payload, PEER_SIZE);
        rc = nng_sendmsg(p->publisher, message, 0);
        if (rc != 0) {
            nng_msg_free(message);
        }
    }
    return rc;
}

static int connect_sockets(bench_state *b, struct nng_peer *p) {
    return failed(b, nng_pub0_open(&p->publisher)) || failed(b, nng_sub0_open(&p->subscriber)) ||
           failed(b, nng_socket_set_int(p->publisher, NNG_OPT_SENDBUF, PEER_MESSAGES)) ||
           failed(b, nng_socket_set_int(p->subscriber, NNG_OPT_RECVBUF, PEER_MESSAGES)) ||
           failed(b, nng_socket_set(p->subscriber, NNG_OPT_SUB_SUBSCRIBE, "", 0)) ||
           failed(b, nng_listen(p->publisher, url, NULL, 0)) ||
           failed(b, nng_dial(p->subscriber, url, NULL, 0));
}

/* The publisher may not know its subscriber yet when the dial returns. */
static int wait_until_connected(bench_state *b, const struct nng_peer *p) {
    nng_msg *message = NULL;
    int rc = nng_socket_set_ms(p->subscriber, NNG_OPT_RECVTIMEO, PROBE_LIMIT_MS);
    for (int i = 0; i < PROBES && rc == 0 && !message; i++) {
        rc = send_message(p, peer_payloads[0]);
        if (rc == 0 && nng_recvmsg(p->subscriber, &message, 0) != 0) {
            message = NULL;
        }
    }
    if (failed(b, rc ? rc : message ? 0 : NNG_ETIMEDOUT)) {
        return -1;
    }
    do { /* what arrived late */
        nng_msg_free(message);
    } while (nng_recvmsg(p->subscriber, &message, 0) == 0);
    return failed(b, nng_socket_set_ms(p->subscriber, NNG_OPT_RECVTIMEO, RECEIVE_LIMIT_MS)) ? -1
                                                                                            : 0;
}

int peer_nng_setup(bench_state *b) {
    struct nng_peer *p = fx_new(b, sizeof *p);
    if (!p) {
        return -1;
    }
    peer_fill_payloads();
    return connect_sockets(b, p) ? -1 : wait_until_connected(b, p);
}

void peer_nng_teardown(bench_state *b) {
    struct nng_peer *p = bench_user(b);
    if (!p) {
        return;
    }
    nng_close(p->subscriber);
    nng_close(p->publisher);
    free(p);
}

void peer_nng(bench_state *b) {
    const struct nng_peer *p = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        for (int i = 0; i < PEER_MESSAGES; i++) {
            if (failed(b, send_message(p, peer_payloads[i]))) {
                return;
            }
        }
        for (int i = 0; i < PEER_MESSAGES; i++) {
            nng_msg *message;
            if (failed(b, nng_recvmsg(p->subscriber, &message, 0))) {
                return;
            }
            n_wrong += nng_msg_len(message) != PEER_SIZE ||
                       memcmp(nng_msg_body(message), peer_payloads[i], PEER_SIZE) != 0;
            nng_msg_free(message);
        }
    }
    bench_count_errors(b, n_wrong);
}
