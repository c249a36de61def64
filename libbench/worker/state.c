/*
 * The functions a benchmark calls on its bench_state: parameters, user data, skipping, counting.
 */
#include "worker/state.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "result/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void BENCH_PRINTF(3, 0)
    end_with(bench_state *b, bench_status status, const char *format, va_list arguments) {
    char text[400];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\r\n")] = '\0';
    struct bench__execution *e = b->execution;
    pthread_mutex_lock(&e->lock);
    if (e->status == BENCH_STATUS_OK) {
        e->status = status;
        e->message = bench__strdup(text);
    }
    pthread_mutex_unlock(&e->lock);
    b->lane.stopped = 1;
}

void bench_skip(bench_state *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end_with(b, BENCH_STATUS_SKIPPED, format, arguments);
    va_end(arguments);
}

void bench_fail(bench_state *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    end_with(b, BENCH_STATUS_FAILED, format, arguments);
    va_end(arguments);
}

uint64_t bench_loop_start(bench_state *b) {
    if (b->lane.phase == BENCH__LANE_DONE) {
        bench_fail(b, "the body runs more than one BENCH_LOOP in a call");
    } else if (b->lane.phase == BENCH__LANE_IDLE) {
        bench_fail(b, "BENCH_LOOP outside of a body, or in a caller-timed one");
    }
    return bench__lane_start(&b->lane);
}

uint64_t bench_loop_next(bench_state *b) {
    return bench__lane_next(&b->lane);
}

uint64_t bench_iterations(const bench_state *b) {
    return b->iterations;
}

void bench_set_elapsed_ns(bench_state *b, double elapsed_ns) {
    if (!(elapsed_ns >= 0) || isinf(elapsed_ns)) {
        bench_fail(b, "bench_set_elapsed_ns(%g): a time is finite and not negative", elapsed_ns);
        return;
    }
    b->elapsed_ns = elapsed_ns;
}

static const bench_param *find_param(bench_state *b, const char *name, int is_i64) {
    const struct bench__case *c = b->execution->c;
    for (size_t i = 0; i < c->n_params; i++) {
        if (strcmp(c->params[i].name, name) == 0) {
            if (is_i64 && !c->params[i].is_i64) {
                break;
            }
            return &c->params[i];
        }
    }
    bench_fail(b, "no %saxis '%s' in group '%s'", is_i64 ? "integer " : "", name, c->group->name);
    return NULL;
}

int64_t bench_param_i64(bench_state *b, const char *name) {
    const bench_param *param = find_param(b, name, 1);
    return param != NULL ? param->i64 : 0;
}

const char *bench_param_str(bench_state *b, const char *name) {
    const bench_param *param = find_param(b, name, 0);
    return param != NULL ? param->text : "";
}

void bench_set_user(bench_state *b, void *user) {
    b->execution->user = user;
}

void *bench_user(const bench_state *b) {
    return b->execution->user;
}

void bench_set_thread_user(bench_state *b, void *user) {
    b->thread_user = user;
}

void *bench_thread_user(const bench_state *b) {
    return b->thread_user;
}

void bench_set_batch_max(bench_state *b, uint64_t batch_max) {
    struct bench__execution *e = b->execution;
    if (batch_max == 0 || e->is_running || b->lane.batch_max == 0) {
        bench_fail(b, "bench_set_batch_max: a number above 0, from setup, of a benchmark that has "
                      "batch_setup or batch_teardown");
        return;
    }
    for (int i = 0; i < e->n_threads; i++) {
        e->states[i].lane.batch_max = batch_max;
    }
}

int bench_thread_index(const bench_state *b) {
    return b->thread_index;
}

int bench_n_threads(const bench_state *b) {
    return b->execution->n_threads;
}

uint64_t bench_seed(const bench_state *b) {
    return b->execution->seed;
}

static bench_counter_record *find_counter(struct bench__execution *e, const char *name) {
    for (size_t i = 0; i < e->n_counters; i++) {
        if (strcmp(e->counters[i].name, name) == 0) {
            return &e->counters[i];
        }
    }
    return NULL;
}

void bench_counter(bench_state *b, const char *name, double value, bench_counter_kind kind,
                   const char *unit) {
    if (name == NULL || *name == '\0' || unit == NULL || !isfinite(value)) {
        bench_fail(b, "bench_counter: needs a name, a unit and a finite value");
        return;
    }
    struct bench__execution *e = b->execution;
    if (e->is_paused) {
        return;
    }
    pthread_mutex_lock(&e->lock);
    bench_counter_record *counter = find_counter(e, name);
    if (counter == NULL) {
        counter = bench__counter_add(&e->counters, &e->n_counters, name, unit, kind, 0);
    }
    const int is_added = counter != NULL, is_other_kind = is_added && counter->kind != kind;
    if (is_added && !is_other_kind) {
        counter->value = kind == BENCH_COUNTER_VALUE ? value : counter->value + value;
    }
    pthread_mutex_unlock(&e->lock);
    if (!is_added) {
        bench_fail(b, "out of memory for counter '%s'", name);
    } else if (is_other_kind) {
        bench_fail(b, "counter '%.100s' is of two kinds: one name has one kind", name);
    }
}

static int is_one_line(const char *text) {
    size_t n = 1;
    for (uint32_t point; *text != '\0' && n != 0; text += n) {
        n = bench__utf8_decode(text, &point);
        n = bench__is_control(point) ? 0 : n;
    }
    return n != 0;
}

void bench_label(bench_state *b, const char *name, const char *value) {
    if (name == NULL || *name == '\0' || value == NULL || !is_one_line(name) ||
        !is_one_line(value)) {
        bench_fail(b, "bench_label: needs a name and a value, each one line of UTF-8");
        return;
    }
    struct bench__execution *e = b->execution;
    pthread_mutex_lock(&e->lock);
    const int rc = bench__label_set(&e->labels, &e->n_labels, name, value);
    pthread_mutex_unlock(&e->lock);
    if (rc != 0) {
        bench_fail(b, "out of memory for label '%s'", name);
    }
}

void bench_count_errors(bench_state *b, uint64_t n_errors) {
    if (b->execution->is_paused) {
        return;
    }
    pthread_mutex_lock(&b->execution->lock);
    b->execution->n_errors += n_errors;
    pthread_mutex_unlock(&b->execution->lock);
}
