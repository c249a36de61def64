/* Opening backends, numbering messages, taking them. Nothing in here is measured but waiting. */
#include "backends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixtures.h"

enum { LOOK_AGAIN_MS = 200 /* a consumer whose last message was lost sees that it has to end */ };

const char *const bk_names[BK_N_NAMES] = {"inmemory",   "rabbitmq", "kafka",
                                          "kafka-mock", "mqtt",     "loopback"};

/* ---- links ----------------------------------------------------------------------------------- */

static int make_directory(bench_state *b, struct bk_link *link, const char *options) {
    const char *tmp = getenv("TMPDIR");
    char directory[PATH_MAX - 32];
    const int n =
        snprintf(directory, sizeof directory, "%s/minibus-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || (size_t)n >= sizeof directory || !mkdtemp(directory)) {
        bench_skip(b, "no directory for a file in %.100s: %s", tmp && *tmp ? tmp : "/tmp",
                   strerror(errno));
        return -1;
    }
    snprintf(link->path, sizeof link->path, "%s/journal", directory);
    snprintf(link->url, sizeof link->url, "file:%.4000s%.60s", link->path, options ? options : "");
    return 0;
}

/* No two links of all processes have the same. */
static void name_topic(struct bk_link *link) {
    static atomic_uint n_links;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(link->topic, sizeof link->topic, "bench.%ld.%lld.%u", (long)getpid(),
             (long long)now.tv_sec, atomic_fetch_add(&n_links, 1));
}

static int end_unopened(bench_state *b, int rc, const mb_error *error) {
    if (mb_transport_is_skip(rc)) {
        bench_skip(b, "%s", error->text);
    } else {
        bench_fail(b, "%s", error->text);
    }
    return -1;
}

int bk_open(bench_state *b, struct bk_link *link, const char *backend, mb_confirm confirm,
            const char *file_options) {
    mb_error error = {0};
    *link = (struct bk_link){.confirm = confirm};
    name_topic(link);
    if (strcmp(backend, "file") == 0) {
        if (make_directory(b, link, file_options)) {
            return -1;
        }
    } else {
        const int rc = mb_transport_url_of(link->url, sizeof link->url, backend, &error);
        if (rc) {
            return end_unopened(b, rc, &error);
        }
    }
    const int rc = mb_transport_open(&link->transport, link->url, &error);
    if (rc) {
        bk_close(link);
        return end_unopened(b, rc, &error);
    }
    bench_label(b, "backend", mb_transport_name(link->transport));
    bench_label(b, "guarantee", mb_transport_guarantee(link->transport, confirm));
    return 0;
}

/* A server that a transport has started itself is only known to that one. */
int bk_open_again(bench_state *b, mb_transport **out, const struct bk_link *link) {
    mb_error error = {0};
    const char *name = mb_transport_name(link->transport);
    *out = NULL;
    if (strcmp(name, "inmemory") == 0) {
        return 0;
    }
    const char *url = strcmp(name, "loopback") == 0 ? mb_transport_url(link->transport) : link->url;
    return bk_failed(b, mb_transport_open(out, url, &error), &error) ? -1 : 0;
}

void bk_close(struct bk_link *link) {
    mb_transport_close(link->transport);
    link->transport = NULL;
    if (*link->path) {
        unlink(link->path);
        *strrchr(link->path, '/') = '\0';
        rmdir(link->path);
        *link->path = '\0';
    }
}

int bk_publish(bench_state *b, struct bk_link *link, mb_message *const *messages, size_t n) {
    mb_error error; /* clearing it would be timed */
    int rc = mb_transport_publish(link->transport, link->topic, messages, n, link->confirm, &error);
    rc = rc ? rc : mb_transport_flush(link->transport, &error);
    return bk_failed(b, rc, &error);
}

/* ---- messages -------------------------------------------------------------------------------- */

mb_message **bk_new_messages(bench_state *b, size_t n, size_t payload_size) {
    mb_message **messages = calloc(n, sizeof(mb_message *));
    int rc = messages ? 0 : MB_ENOMEM;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = fx_message(&messages[i], payload_size);
    }
    if (fx_failed(b, rc)) {
        bk_free_messages(messages, n);
        return NULL;
    }
    return messages;
}

void bk_free_messages(mb_message **messages, size_t n) {
    for (size_t i = 0; messages && i < n; i++) {
        mb_message_unref(messages[i]);
    }
    free(messages);
}

int bk_number(bench_state *b, mb_message *const *messages, size_t n, uint64_t *last) {
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = mb_message_set_sequence(messages[i], ++*last);
    }
    return fx_failed(b, rc);
}

/* ---- consumer -------------------------------------------------------------------------------- */

/* A number that is not above the last one has been here before; 0 is the wake-up of
 * bk_consumer_stop(). @return as mb_transport_receive(). */
static int take_one(struct bk_consumer *c, int64_t timeout_ns) {
    mb_message *m;
    const int rc = mb_transport_receive(&m, c->link->transport, timeout_ns, NULL);
    if (rc) {
        return rc;
    }
    const uint64_t number = mb_message_sequence(m);
    mb_message_unref(m);
    if (number <= atomic_load_explicit(&c->last, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&c->n_repeated, number != 0, memory_order_relaxed);
        return 0;
    }
    atomic_fetch_add_explicit(&c->n_received, 1, memory_order_relaxed);
    atomic_store(&c->last, number);
    if (c->has_thread && number >= atomic_load(&c->wanted)) {
        atomic_store(&c->wanted, UINT64_MAX);
        sem_post(&c->reached);
    }
    return 0;
}

static void *consume(void *arg) {
    struct bk_consumer *c = arg;
    int rc = 0;
    while ((rc == 0 || rc == MB_ETIMEOUT) &&
           !atomic_load_explicit(&c->is_stopping, memory_order_relaxed)) {
        rc = take_one(c, LOOK_AGAIN_MS * (int64_t)1000000);
    }
    return NULL;
}

int bk_consumer_start(bench_state *b, struct bk_consumer *c, struct bk_link *link, int in_thread) {
    mb_error error = {0};
    if (bk_failed(b, mb_transport_subscribe(link->transport, link->topic, &error), &error)) {
        return -1;
    }
    c->link = link;
    atomic_init(&c->wanted, UINT64_MAX);
    if (!in_thread) {
        return 0;
    }
    sem_init(&c->reached, 0, 0);
    c->has_thread = 1;
    if (pthread_create(&c->thread, NULL, consume, c) != 0) {
        c->has_thread = 0;
        bench_fail(b, "no thread for the consumer");
        return -1;
    }
    return 0;
}

int bk_consumer_wait(struct bk_consumer *c, uint64_t number) {
    if (!c->has_thread) {
        while (atomic_load_explicit(&c->last, memory_order_relaxed) < number) {
            if (take_one(c, BK_PATIENCE_S * (int64_t)1000000000)) {
                return 0;
            }
        }
        return 1;
    }
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += BK_PATIENCE_S;
    atomic_store(&c->wanted, number);
    while (atomic_load(&c->last) < number) {
        if (sem_clockwait(&c->reached, CLOCK_MONOTONIC, &deadline) != 0 && errno != EINTR) {
            return atomic_load(&c->last) >= number;
        }
    }
    return 1;
}

void bk_consumer_settle(bench_state *b, struct bk_consumer *c, uint64_t number) {
    bk_consumer_wait(c, number);
    const uint64_t n_received = atomic_load(&c->n_received);
    bench_count_errors(b,
                       number - c->n_counted > n_received ? number - c->n_counted - n_received : 0);
    bench_count_errors(b, atomic_exchange(&c->n_repeated, 0));
    atomic_fetch_sub(&c->n_received, n_received);
    c->n_counted = number;
}

/* The consumer waits in receive: a message wakes it. */
void bk_consumer_stop(struct bk_consumer *c) {
    mb_message *m;
    if (!c->has_thread) {
        return;
    }
    atomic_store(&c->is_stopping, 1);
    if (mb_message_new(&m, "", 0) == 0) {
        mb_transport_publish(c->link->transport, c->link->topic, &m, 1, MB_UNCONFIRMED, NULL);
        mb_transport_flush(c->link->transport, NULL);
        mb_message_unref(m);
    }
    pthread_join(c->thread, NULL);
    sem_destroy(&c->reached);
    c->has_thread = 0;
}
