/*
 * Threads that wait for work on a condition variable: they sleep between samples so as to disturb
 * nothing, and meet at the lanes' barrier when it matters.
 */
#include "worker/team.h"

#include "base/error.h"
#include "base/mem.h"

#include <pthread.h>

struct member {
    struct bench__team *team;
    int number;
    pthread_t thread;
};

struct bench__team {
    void (*task)(void *context, int number);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t go, done;
    unsigned round; /* changes when there is work */
    int n_running;
    int is_ending;
    int n_members;
    struct member *members;
};

static void *member_main(void *argument) {
    struct member *m = argument;
    struct bench__team *team = m->team;
    unsigned seen = 0;
    pthread_mutex_lock(&team->lock);
    for (;;) {
        while (team->round == seen && !team->is_ending) {
            pthread_cond_wait(&team->go, &team->lock);
        }
        if (team->is_ending) {
            break;
        }
        seen = team->round;
        pthread_mutex_unlock(&team->lock);
        team->task(team->context, m->number);
        pthread_mutex_lock(&team->lock);
        if (--team->n_running == 0) {
            pthread_cond_signal(&team->done);
        }
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

int bench__team_new(struct bench__team **out, int n, void (*task)(void *context, int number),
                    void *context, bench_error *err) {
    struct bench__team *team = bench__alloc(1, sizeof *team);
    struct member *members = bench__alloc((size_t)n, sizeof *members);
    *out = NULL;
    if (team == NULL || members == NULL) {
        bench__free(team);
        bench__free(members);
        return bench__error(err, BENCH_ENOMEM, "out of memory for %d threads", n);
    }
    team->task = task;
    team->context = context;
    team->members = members;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->go, NULL);
    pthread_cond_init(&team->done, NULL);
    for (int i = 0; i < n; i++) {
        members[i].team = team;
        members[i].number = i + 1;
        const int code = pthread_create(&members[i].thread, NULL, member_main, &members[i]);
        if (code != 0) {
            bench__team_free(team);
            return bench__error_sys(err, BENCH_ESYSTEM, code, "cannot start thread %d of %d", i + 1,
                                    n);
        }
        team->n_members++;
    }
    *out = team;
    return 0;
}

void bench__team_run(struct bench__team *team) {
    pthread_mutex_lock(&team->lock);
    team->round++;
    team->n_running = team->n_members;
    pthread_cond_broadcast(&team->go);
    pthread_mutex_unlock(&team->lock);
    team->task(team->context, 0);
    pthread_mutex_lock(&team->lock);
    while (team->n_running > 0) {
        pthread_cond_wait(&team->done, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}

void bench__team_free(struct bench__team *team) {
    if (team == NULL) {
        return;
    }
    pthread_mutex_lock(&team->lock);
    team->is_ending = 1;
    pthread_cond_broadcast(&team->go);
    pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < team->n_members; i++) {
        pthread_join(team->members[i].thread, NULL);
    }
    pthread_cond_destroy(&team->go);
    pthread_cond_destroy(&team->done);
    pthread_mutex_destroy(&team->lock);
    bench__free(team->members);
    bench__free(team);
}
