/* Stands where in_memory_peers_nng.c would, and says why that is not there. */
#include "in_memory_peers.h"

int peer_nng_setup(bench_state *b) {
    bench_skip(b, "built without nng (libnng-dev)");
    return -1;
}

void peer_nng(bench_state *b) {
    (void)b;
}

void peer_nng_teardown(bench_state *b) {
    (void)b;
}
