/*
 * The part of core_operations that is about single messages: their life, their identity, their
 * metadata, their encoding. One thread, no broker. Set-ups check that an operation does what it
 * says before it is timed.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/codec.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "suites.h"

/* ---- message: life of a message, release included -------------------------------------------- */

struct message_fixture {
    size_t size;
    void *payload;
    mb_message *message;
};

static int message_setup(bench_state *b) {
    struct message_fixture *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    f->size = (size_t)bench_param_i64(b, "size");
    f->payload = fx_payload(f->size);
    if (!f->payload) {
        return fx_failed(b, MB_ENOMEM);
    }
    mb_message *copy;
    if (fx_failed(b, mb_message_new(&f->message, f->payload, f->size)) ||
        fx_failed(b, fx_set_typical_metadata(f->message)) ||
        fx_failed(b, mb_message_copy(&copy, f->message))) {
        return -1;
    }
    if (!fx_equal_messages(f->message, copy)) {
        bench_fail(b, "the copy differs from the original");
    }
    mb_message_unref(copy);
    return 0;
}

static void message_teardown(bench_state *b) {
    struct message_fixture *f = bench_user(b);
    if (!f) {
        return;
    }
    mb_message_unref(f->message);
    free(f->payload);
    free(f);
}

/* The allocator is in its steady state: each message takes the memory that the last one left. */
static void message_create(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, mb_message_new(&m, f->payload, f->size))) {
            return;
        }
        bench_keep(m);
        mb_message_unref(m);
    }
}

static void message_create_with_metadata(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, mb_message_new(&m, f->payload, f->size))) {
            return;
        }
        if (fx_failed(b, fx_set_typical_metadata(m))) {
            return;
        }
        bench_keep(m);
        mb_message_unref(m);
    }
}

static void message_create_with_correlation_id(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, mb_message_new(&m, f->payload, f->size))) {
            return;
        }
        if (fx_failed(b, mb_message_set_correlation_id(m, "test-correlation"))) {
            return;
        }
        bench_keep(m);
        mb_message_unref(m);
    }
}

/* A clone is another reference: its cost does not depend on the size. */
static void message_clone(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m = mb_message_ref(f->message);
        bench_keep(m);
        mb_message_unref(m);
    }
}

static void message_deep_copy(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, mb_message_copy(&m, f->message))) {
            return;
        }
        bench_keep(m);
        mb_message_unref(m);
    }
}

/* What a message needs beyond its payload, as the allocator sees it: header, inline metadata and
 * rounding. A message is one allocation, so there is nothing else to count. */
static void message_overhead(bench_state *b) {
    const struct message_fixture *f = bench_user(b);
    size_t usable_size = 0;
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, mb_message_new(&m, f->payload, f->size))) {
            return;
        }
        usable_size = malloc_usable_size(m);
        bench_keep(usable_size);
        mb_message_unref(m);
    }
    bench_counter(b, "overhead", (double)(usable_size - f->size), BENCH_COUNTER_VALUE, "bytes");
}

static void add_message(bench_suite *suite) {
    const bench_opts opts = {.setup = message_setup, .teardown = message_teardown};
    bench_group *g = bench_group_new(suite, "message");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_add(g, "create", message_create, &opts);
    bench_add(g, "create_with_metadata", message_create_with_metadata, &opts);
    bench_add(g, "create_with_correlation_id", message_create_with_correlation_id, &opts);
    bench_add(g, "clone", message_clone, &opts);
    bench_add(g, "deep_copy", message_deep_copy, &opts);
    bench_add(g, "overhead", message_overhead, &opts);
    bench_pair(g, "metadata_cost", "create", "create_with_metadata");
    bench_pair(g, "correlation_id_cost", "create", "create_with_correlation_id");
}

/* ---- uuid ------------------------------------------------------------------------------------ */

static void uuid_getrandom(bench_state *b) {
    mb_uuid id;
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_uuid_from_system(&id))) {
            return;
        }
        bench_clobber();
    }
}

static void uuid_prng(bench_state *b) {
    mb_uuid id;
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_uuid_from_prng(&id))) {
            return;
        }
        bench_clobber();
    }
}

static void uuid_format(bench_state *b) {
    mb_uuid id;
    char text[MB_UUID_TEXT_SIZE];
    if (fx_failed(b, mb_uuid_from_prng(&id))) {
        return;
    }
    BENCH_LOOP(b) {
        bench_keep(mb_uuid_format(text, &id));
    }
}

static void uuid_parse(bench_state *b) {
    mb_uuid id, parsed;
    char text[MB_UUID_TEXT_SIZE];
    if (fx_failed(b, mb_uuid_from_prng(&id))) {
        return;
    }
    mb_uuid_format(text, &id);
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_uuid_parse(&parsed, text))) {
            return;
        }
        bench_clobber();
    }
    if (memcmp(&parsed, &id, sizeof id) != 0) {
        bench_fail(b, "what was parsed differs from what was formatted");
    }
}

static void add_uuid(bench_suite *suite) {
    bench_group *g = bench_group_new(suite, "uuid");
    bench_add(g, "getrandom", uuid_getrandom, NULL);
    bench_add(g, "prng", uuid_prng, NULL);
    bench_add(g, "format", uuid_format, NULL);
    bench_add(g, "parse", uuid_parse, NULL);
}

/* ---- metadata: all slots of one message per iteration ---------------------------------------- */

static const int64_t slots[] = {1, 8, 32}; /* pairs of metadata */

enum { SLOTS_MAX = 32, SET_STRETCH = 1024 /* slots that are set between two untimed visits */ };

struct metadata_fixture {
    int n_slots;
    char keys[SLOTS_MAX][24], values[SLOTS_MAX][24];
    mb_message *empty, *full; /* with none and all of the slots set */
    mb_message *fresh[SET_STRETCH];
};

static int set_slots(const struct metadata_fixture *f, mb_message *m) {
    int rc = 0;
    for (int i = 0; i < f->n_slots && rc == 0; i++) {
        rc = mb_metadata_set(m, f->keys[i], f->values[i]);
    }
    return rc;
}

static int metadata_setup(bench_state *b) {
    struct metadata_fixture *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    f->n_slots = (int)bench_param_i64(b, "slots");
    if (f->n_slots < 1 || f->n_slots > SLOTS_MAX) {
        bench_fail(b, "slots: 1 to %d", SLOTS_MAX);
        return -1;
    }
    for (int i = 0; i < f->n_slots; i++) {
        snprintf(f->keys[i], sizeof f->keys[i], "key-%02d", i);
        snprintf(f->values[i], sizeof f->values[i], "value-%02d", i);
    }
    if (fx_failed(b, fx_message(&f->empty, 100)) ||
        fx_failed(b, mb_message_copy(&f->full, f->empty)) || fx_failed(b, set_slots(f, f->full))) {
        return -1;
    }
    for (int i = 0; i < f->n_slots; i++) {
        const char *value = mb_metadata_get(f->full, f->keys[i]);
        if (!value || strcmp(value, f->values[i]) != 0) {
            bench_fail(b, "%s does not read back", f->keys[i]);
            return -1;
        }
    }
    return 0;
}

static int metadata_set_setup(bench_state *b) {
    const int rc = metadata_setup(b);
    if (rc == 0) {
        bench_set_batch_max(b, SET_STRETCH / (uint64_t)bench_param_i64(b, "slots"));
    }
    return rc;
}

static void metadata_teardown(bench_state *b) {
    struct metadata_fixture *f = bench_user(b);
    if (!f) {
        return;
    }
    mb_message_unref(f->empty);
    mb_message_unref(f->full);
    free(f);
}

static void release_fresh(bench_state *b, uint64_t n) {
    struct metadata_fixture *f = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        mb_message_unref(f->fresh[i]);
        f->fresh[i] = NULL;
    }
}

static int make_fresh(bench_state *b, uint64_t n) {
    struct metadata_fixture *f = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        if (fx_failed(b, mb_message_copy(&f->fresh[i], f->empty))) {
            release_fresh(b, i);
            return -1;
        }
    }
    return 0;
}

/* From none to all, growing out of the message where they do not fit. */
static void metadata_set(bench_state *b) {
    const struct metadata_fixture *f = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, set_slots(f, f->fresh[i]))) {
            return;
        }
    }
}

static void metadata_get(bench_state *b) {
    const struct metadata_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        for (int i = 0; i < f->n_slots; i++) {
            bench_keep(mb_metadata_get(f->full, f->keys[i]));
        }
    }
}

static void metadata_iterate(bench_state *b) {
    const struct metadata_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        const char *key, *value;
        for (size_t cursor = 0; mb_metadata_next(f->full, &cursor, &key, &value);) {
            bench_keep(key);
            bench_keep(value);
        }
    }
}

static void add_metadata(bench_suite *suite) {
    const bench_opts opts = {.setup = metadata_setup, .teardown = metadata_teardown};
    bench_opts set_opts = opts;
    set_opts.setup = metadata_set_setup;
    set_opts.batch_setup = make_fresh;
    set_opts.batch_teardown = release_fresh;
    bench_group *g = bench_group_new(suite, "metadata");
    bench_group_axis_i64(g, "slots", slots, sizeof slots / sizeof slots[0]);
    bench_group_throughput(g, BENCH_ELEMENTS, "slots");
    bench_add(g, "set", metadata_set, &set_opts);
    bench_add(g, "get", metadata_get, &opts);
    bench_add(g, "iterate", metadata_iterate, &opts);
}

/* ---- codec ----------------------------------------------------------------------------------- */

struct codec_fixture {
    const mb_codec *codec;
    mb_message *message;
    mb_buffer encoded;
    mb_buffer out; /* used again and again: growing it is not part of encoding */
};

static int codec_setup(bench_state *b) {
    struct codec_fixture *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    mb_message *back;
    f->codec = mb_codec_find(bench_param_str(b, "codec"));
    if (!f->codec) {
        return fx_failed(b, MB_EINVAL);
    }
    if (fx_failed(b, fx_message(&f->message, (size_t)bench_param_i64(b, "size"))) ||
        fx_failed(b, fx_set_typical_metadata(f->message)) ||
        fx_failed(b, f->codec->encode(&f->encoded, f->message)) ||
        fx_failed(b, f->codec->decode(&back, f->encoded.data, f->encoded.size))) {
        return -1;
    }
    if (!fx_equal_messages(f->message, back)) {
        bench_fail(b, "what was decoded differs from what was encoded");
    }
    mb_message_unref(back);
    return 0;
}

static void codec_teardown(bench_state *b) {
    struct codec_fixture *f = bench_user(b);
    if (!f) {
        return;
    }
    mb_message_unref(f->message);
    mb_buffer_clear(&f->encoded);
    mb_buffer_clear(&f->out);
    free(f);
}

static void codec_encode(bench_state *b) {
    struct codec_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        f->out.size = 0;
        if (fx_failed(b, f->codec->encode(&f->out, f->message))) {
            return;
        }
        bench_clobber();
    }
}

/* With the release of the message that decoding made. */
static void codec_decode(bench_state *b) {
    const struct codec_fixture *f = bench_user(b);
    BENCH_LOOP(b) {
        mb_message *m;
        if (fx_failed(b, f->codec->decode(&m, f->encoded.data, f->encoded.size))) {
            return;
        }
        bench_keep(m);
        mb_message_unref(m);
    }
}

static void add_codec(bench_suite *suite) {
    static const char *const names[] = {"binary", "json"};
    const bench_opts opts = {.setup = codec_setup, .teardown = codec_teardown};
    bench_group *g = bench_group_new(suite, "codec");
    bench_group_axis_str(g, "codec", names, sizeof names / sizeof names[0]);
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput(g, BENCH_BYTES, "size");
    bench_add(g, "encode", codec_encode, &opts);
    bench_add(g, "decode", codec_decode, &opts);
}

void core_operations_add_messages(bench_suite *suite) {
    add_message(suite);
    add_uuid(suite);
    add_metadata(suite);
    add_codec(suite);
}
