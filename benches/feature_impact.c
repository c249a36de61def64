/*
 * feature_impact: what the broker's features cost, each as a pair: the same work without and with
 * it, measured side by side. The work is a round (rounds.h): 100 messages are made, published,
 * received, compared and given back; a feature costs so much of all of that. What a message is
 * worth to an application comes on top, so these are the largest shares that a program can see.
 *
 * Here are correlation ids, acknowledgements and metadata; logging and the router are in
 * feature_middleware.c.
 */
#include "feature_impact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/ack.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "suites.h"

static const int64_t sizes[] = {100, 1024};

/* ---- what all groups share ------------------------------------------------------------------- */

int feature_round(struct rounds *r) {
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rounds_give_back(r);
    return rc;
}

void feature_check(bench_state *b, struct rounds *r) {
    const size_t n_queued = mb_subscriber_stats_now(r->subscriber).queued;
    bench_count_errors(b, r->n_wrong + n_queued);
    r->n_wrong = 0;
    if (n_queued != 0) {
        bench_fail(b, "%zu messages more than were sent", n_queued);
    }
}

void feature_rounds(bench_state *b) {
    struct rounds *r = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, feature_round(r))) {
            return;
        }
    }
    feature_check(b, r);
}

bench_group *feature_group(bench_suite *suite, const char *name) {
    bench_group *g = bench_group_new(suite, name);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, ROUND);
    return g;
}

/* ---- correlation: a middleware that gives each message an id --------------------------------- */

struct correlated {
    struct rounds rounds; /* first: the bodies are those of all rounds */
    mb_correlation *correlation;
};

static int uncorrelated_setup(bench_state *b) {
    struct correlated *c = fx_new(b, sizeof *c);
    return !c || fx_failed(b, rounds_init(&c->rounds, (size_t)bench_param_i64(b, "size")));
}

/* One round, of which every message must have an id, and as many different ones as the mode says
 * (neighbours are compared). */
static int check_ids(bench_state *b, struct rounds *r, mb_correlation_mode mode) {
    size_t n_without = 0, n_changes = 0;
    const char *last = NULL;
    if (fx_failed(b, rounds_make(r)) || fx_failed(b, rounds_send(r)) ||
        fx_failed(b, rounds_take(r, r->subscriber, ROUND))) {
        return -1;
    }
    for (size_t i = 0; i < r->n_taken; i++) {
        const char *id = mb_message_correlation_id(r->deliveries[i].message);
        n_without += !id;
        n_changes += id && last && strcmp(id, last) != 0;
        last = id;
    }
    rounds_give_back(r);
    if (n_without != 0 || n_changes != (mode == MB_CORRELATION_PER_MESSAGE ? ROUND - 1 : 0)) {
        bench_fail(b, "%zu messages without an id, %zu changes of it", n_without, n_changes);
        return -1;
    }
    return 0;
}

static int correlated_setup(bench_state *b, mb_correlation_mode mode, const char *preset) {
    if (uncorrelated_setup(b)) {
        return -1;
    }
    struct correlated *c = bench_user(b);
    if (fx_failed(b, mb_correlation_new(&c->correlation, mode, preset))) {
        return -1;
    }
    const mb_middleware middleware = mb_correlation_middleware(c->correlation);
    return fx_failed(b, mb_broker_use(c->rounds.broker, &middleware)) ||
           check_ids(b, &c->rounds, mode);
}

static int per_message_setup(bench_state *b) {
    return correlated_setup(b, MB_CORRELATION_PER_MESSAGE, NULL);
}

static int per_batch_setup(bench_state *b) {
    return correlated_setup(b, MB_CORRELATION_PER_BATCH, NULL);
}

static int preset_setup(bench_state *b) {
    return correlated_setup(b, MB_CORRELATION_PRESET, "6d1f9b6e-9a53-4c8e-a9c1-1f1f6d3c8a42");
}

static void correlated_teardown(bench_state *b) {
    struct correlated *c = bench_user(b);
    if (!c) {
        return;
    }
    rounds_clear(&c->rounds);
    mb_correlation_free(c->correlation);
    free(c);
}

static void add_correlation(bench_suite *suite) {
    bench_opts opts = {.setup = uncorrelated_setup, .teardown = correlated_teardown};
    bench_group *g = feature_group(suite, "correlation");
    bench_group_axis_i64(g, "size", sizes, sizeof sizes / sizeof sizes[0]);
    bench_add(g, "none", feature_rounds, &opts);
    opts.setup = per_message_setup;
    bench_add(g, "per_message", feature_rounds, &opts);
    opts.setup = per_batch_setup;
    bench_add(g, "per_batch", feature_rounds, &opts);
    opts.setup = preset_setup;
    bench_add(g, "preset", feature_rounds, &opts);
    bench_pair(g, "per_message_cost", "none", "per_message");
    bench_pair(g, "per_batch_cost", "none", "per_batch");
    bench_pair(g, "preset_cost", "none", "preset");
}

/* ---- ack and nack ---------------------------------------------------------------------------- */

struct acked {
    struct rounds rounds;
    size_t n_refused;    /* of each round */
    mb_subscriber *dead; /* of the dead letters, or NULL */
};

static int unacked_setup(bench_state *b) {
    struct acked *a = fx_new(b, sizeof *a);
    return !a || fx_failed(b, rounds_init(&a->rounds, (size_t)bench_param_i64(b, "size")));
}

/* The same subscription with acknowledgements. */
static int acked_setup(bench_state *b) {
    if (unacked_setup(b)) {
        return -1;
    }
    struct acked *a = bench_user(b);
    const mb_ack_options options = {.dead_letter_topic = "dead"};
    mb_subscriber_free(a->rounds.subscriber);
    a->rounds.subscriber = NULL;
    return fx_failed(
        b, mb_subscribe_ack(&a->rounds.subscriber, a->rounds.broker, a->rounds.topic, &options));
}

static void acked_teardown(bench_state *b) {
    struct acked *a = bench_user(b);
    if (!a) {
        return;
    }
    mb_subscriber_free(a->dead);
    rounds_clear(&a->rounds);
    free(a);
}

/* Nothing may be left unsettled or unread, and nothing settled but what was delivered. */
static void check_settled(bench_state *b, struct acked *a) {
    const mb_ack_stats stats = mb_ack_stats_now(a->rounds.subscriber);
    const uint64_t n_lost = stats.dropped + stats.timed_out + stats.dead_failures;
    if (stats.pending + stats.returned + stats.dead + n_lost != 0) {
        bench_fail(b, "%zu deliveries are not settled, %llu messages are lost",
                   stats.pending + stats.returned + stats.dead, (unsigned long long)n_lost);
    }
    if (a->dead && mb_subscriber_stats_now(a->dead).queued != 0) {
        bench_fail(b, "more dead letters than messages were refused");
    }
    feature_check(b, &a->rounds);
}

static int ack_each(struct rounds *r, size_t from) {
    int rc = 0;
    for (size_t i = from; i < r->n_taken && rc == 0; i++) {
        rc = mb_ack(r->subscriber, &r->deliveries[i]);
    }
    return rc;
}

/* As feature_round(), and one call for each message. */
static int round_acked_single(struct rounds *r) {
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rc = rc ? rc : ack_each(r, 0);
    rounds_give_back(r);
    return rc;
}

/* As feature_round(), and one call for all messages. */
static int round_acked_batch(struct rounds *r) {
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rc = rc ? rc : mb_ack_batch(r->subscriber, r->deliveries, r->n_taken, NULL);
    rounds_give_back(r);
    return rc;
}

static void ack_single(bench_state *b) {
    struct acked *a = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_acked_single(&a->rounds))) {
            return;
        }
    }
    check_settled(b, a);
}

static void ack_batch(bench_state *b) {
    struct acked *a = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_acked_batch(&a->rounds))) {
            return;
        }
    }
    check_settled(b, a);
}

static void add_ack(bench_suite *suite) {
    bench_opts opts = {.setup = unacked_setup, .teardown = acked_teardown};
    bench_group *g = feature_group(suite, "ack");
    bench_group_axis_i64(g, "size", sizes, sizeof sizes / sizeof sizes[0]);
    bench_add(g, "none", feature_rounds, &opts);
    opts.setup = acked_setup;
    bench_add(g, "single", ack_single, &opts);
    bench_add(g, "batch", ack_batch, &opts);
    bench_pair(g, "single_cost", "none", "single");
    bench_pair(g, "batch_cost", "none", "batch");
}

/* Against acknowledging everything: what refusing costs that is not the table of deliveries. */
static int refusing_setup(bench_state *b) {
    if (acked_setup(b)) {
        return -1;
    }
    struct acked *a = bench_user(b);
    a->n_refused = (size_t)bench_param_i64(b, "refused");
    if (a->n_refused > ROUND) {
        bench_fail(b, "refused: 0 to %d", ROUND);
        return -1;
    }
    return fx_failed(b, mb_subscribe(&a->dead, a->rounds.broker, "dead"));
}

/* Refuses the first messages of what was taken, settles the others, gives all back. */
static int refuse(struct acked *a, int requeue) {
    struct rounds *r = &a->rounds;
    int rc = 0;
    for (size_t i = 0; i < a->n_refused && rc == 0; i++) {
        rc = mb_nack(r->subscriber, &r->deliveries[i], requeue);
    }
    rc = rc ? rc : ack_each(r, a->n_refused);
    rounds_give_back(r);
    return rc;
}

/* Those that were refused come once more, and are acknowledged then. */
static int round_requeued(struct acked *a) {
    struct rounds *r = &a->rounds;
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rc = rc ? rc : refuse(a, 1);
    rc = rc ? rc : rounds_take(r, r->subscriber, a->n_refused);
    rc = rc ? rc : ack_each(r, 0);
    rounds_give_back(r);
    return rc;
}

/* Those that were refused come as dead letters to somebody who reads them. */
static int round_buried(struct acked *a) {
    struct rounds *r = &a->rounds;
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rc = rc ? rc : refuse(a, 0);
    rc = rc ? rc : rounds_take(r, a->dead, a->n_refused);
    rounds_give_back(r);
    return rc;
}

static void nack_requeue(bench_state *b) {
    struct acked *a = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_requeued(a))) {
            return;
        }
    }
    check_settled(b, a);
}

static void nack_dead_letter(bench_state *b) {
    struct acked *a = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_buried(a))) {
            return;
        }
    }
    check_settled(b, a);
}

static void add_nack(bench_suite *suite) {
    static const int64_t size = 100, refused[] = {1, 100};
    const bench_opts opts = {.setup = refusing_setup, .teardown = acked_teardown};
    bench_group *g = feature_group(suite, "nack");
    bench_group_axis_i64(g, "size", &size, 1);
    bench_group_axis_i64(g, "refused", refused, sizeof refused / sizeof refused[0]);
    bench_add(g, "none", ack_single, &opts);
    bench_add(g, "requeue", nack_requeue, &opts);
    bench_add(g, "dead_letter", nack_dead_letter, &opts);
    bench_pair(g, "requeue_cost", "none", "requeue");
    bench_pair(g, "dead_letter_cost", "none", "dead_letter");
}

/* ---- metadata: set by the publisher, carried, read by the consumer --------------------------- */

enum { ENTRIES_MAX = 32 };

struct described {
    struct rounds rounds;
    int n_entries;
    char keys[ENTRIES_MAX][24], values[ENTRIES_MAX][24];
};

static int no_metadata_setup(bench_state *b) {
    struct described *d = fx_new(b, sizeof *d);
    return !d || fx_failed(b, rounds_init(&d->rounds, 100));
}

static int metadata_setup(bench_state *b) {
    if (no_metadata_setup(b)) {
        return -1;
    }
    struct described *d = bench_user(b);
    d->n_entries = (int)bench_param_i64(b, "entries");
    if (d->n_entries < 0 || d->n_entries > ENTRIES_MAX) {
        bench_fail(b, "entries: 0 to %d", ENTRIES_MAX);
        return -1;
    }
    for (int i = 0; i < d->n_entries; i++) {
        snprintf(d->keys[i], sizeof d->keys[i], "key-%02d", i);
        snprintf(d->values[i], sizeof d->values[i], "value-%02d", i);
    }
    return 0;
}

static void metadata_teardown(bench_state *b) {
    struct described *d = bench_user(b);
    if (!d) {
        return;
    }
    rounds_clear(&d->rounds);
    free(d);
}

static int set_entries(const struct described *d) {
    int rc = 0;
    for (size_t i = 0; i < ROUND && rc == 0; i++) {
        for (int k = 0; k < d->n_entries && rc == 0; k++) {
            rc = mb_metadata_set(d->rounds.messages[i], d->keys[k], d->values[k]);
        }
    }
    return rc;
}

static void read_entries(struct described *d) {
    for (size_t i = 0; i < d->rounds.n_taken; i++) {
        const mb_message *m = d->rounds.deliveries[i].message;
        const char *key, *value;
        int n = 0;
        for (size_t cursor = 0; mb_metadata_next(m, &cursor, &key, &value); n++) {
            bench_keep(value);
        }
        d->rounds.n_wrong += n != d->n_entries;
    }
}

static int round_described(struct described *d) {
    struct rounds *r = &d->rounds;
    int rc = rounds_make(r);
    rc = rc ? rc : set_entries(d);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    read_entries(d);
    rounds_give_back(r);
    return rc;
}

static void metadata_entries(bench_state *b) {
    struct described *d = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_described(d))) {
            return;
        }
    }
    feature_check(b, &d->rounds);
}

/* With 0 entries both sides are the same: what is found there is the error of the method. */
static void add_metadata(bench_suite *suite) {
    static const int64_t entries[] = {0, 1, 2, 8, 32};
    bench_opts opts = {.setup = no_metadata_setup, .teardown = metadata_teardown};
    bench_group *g = feature_group(suite, "metadata");
    bench_group_axis_i64(g, "entries", entries, sizeof entries / sizeof entries[0]);
    bench_add(g, "none", metadata_entries, &opts);
    opts.setup = metadata_setup;
    bench_add(g, "set_and_read", metadata_entries, &opts);
    bench_pair(g, "cost", "none", "set_and_read");
}

bench_suite *feature_impact_suite(void) {
    bench_suite *suite = bench_suite_new("feature_impact");
    add_correlation(suite);
    add_ack(suite);
    add_nack(suite);
    add_metadata(suite);
    feature_impact_add_logging(suite);
    feature_impact_add_router(suite);
    return suite;
}
