/* Helpers of the suites. Nothing in here is measured. */
#include "fixtures.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "minibus/codec.h"
#include "minibus/error.h"
#include "minibus/metadata.h"

const int64_t fx_sizes[FX_N_SIZES] = {100, 1024, 10240};
const int64_t fx_batches[FX_N_BATCHES] = {1, 10, 100, 1000};

void fx_fail(bench_state *b, int rc) {
    bench_fail(b, "%s", mb_error_text(rc));
}

void *fx_new(bench_state *b, size_t size) {
    void *fixture = calloc(1, size);
    if (!fixture) {
        bench_fail(b, "out of memory");
    }
    bench_set_user(b, fixture);
    return fixture;
}

int64_t fx_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int fx_n_cpus(void) {
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

void *fx_payload(size_t size) {
    unsigned char *payload = malloc(size ? size : 1);
    for (size_t i = 0; payload && i < size; i++) {
        payload[i] = (unsigned char)(i * 167 + 13);
    }
    return payload;
}

int fx_message(mb_message **out, size_t payload_size) {
    void *payload = fx_payload(payload_size);
    const int rc = payload ? mb_message_new(out, payload, payload_size) : MB_ENOMEM;
    free(payload);
    return rc;
}

int fx_set_typical_metadata(mb_message *message) {
    int rc = mb_metadata_set(message, "type", "order");
    if (rc == 0) {
        rc = mb_metadata_set(message, "source", "shop-3");
    }
    if (rc == 0) {
        rc = mb_metadata_set(message, "region", "eu-west");
    }
    return rc;
}

/* The binary codec is exact: equal messages are those that it writes alike. */
int fx_equal_messages(const mb_message *a, const mb_message *b) {
    mb_buffer bytes_a = {0}, bytes_b = {0};
    const int equal = mb_codec_binary.encode(&bytes_a, a) == 0 &&
                      mb_codec_binary.encode(&bytes_b, b) == 0 && bytes_a.size == bytes_b.size &&
                      memcmp(bytes_a.data, bytes_b.data, bytes_a.size) == 0;
    mb_buffer_clear(&bytes_a);
    mb_buffer_clear(&bytes_b);
    return equal;
}
