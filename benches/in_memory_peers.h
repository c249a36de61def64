/* in_memory_peers.h - what the functions of the suite in_memory_peers have in common. */
#ifndef IN_MEMORY_PEERS_H
#define IN_MEMORY_PEERS_H

#include <bench/bench.h>

enum { PEER_MESSAGES = 100, PEER_SIZE = 100 }; /* per iteration; bytes of each */

/** Content of message i: all differ. */
extern unsigned char peer_payloads[PEER_MESSAGES][PEER_SIZE];
void peer_fill_payloads(void);

/* nng's side is in a file of its own, which another one replaces where nng is not installed. */
bench_setup_fn peer_nng_setup; /**< fills the payloads */
bench_fn peer_nng;
bench_fn peer_nng_teardown;

#endif
