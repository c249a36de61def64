/* Turns over shared memory: two threads stand for the two workers. */
#include "worker/board.h"

#include "unit/measure/near.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define N_TURNS 2000

static struct bench__board *board;
static uint32_t played[N_TURNS], n_played;

static void *play(void *side_number) {
    const uint32_t side = *(const uint32_t *)side_number;
    for (uint32_t i = 0; i < board->n_turns; i++) {
        if (board->turns[i].side != side) {
            continue;
        }
        if (!bench__board_await(board, i)) {
            return NULL;
        }
        played[n_played++] = i; /* only whoever has the turn writes */
        bench__board_pass(board, i + 1);
    }
    return NULL;
}

static void fill(void) {
    board->n_turns = N_TURNS;
    for (uint32_t i = 0; i < N_TURNS; i++) {
        board->turns[i].side = (i * 7 / 3) % 2; /* runs of one side and changes */
    }
}

static void turns_are_strict(void **state) {
    (void)state;
    pthread_t threads[2];
    uint32_t sides[2] = {0, 1};
    fill();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, play, &sides[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(n_played, N_TURNS);
    for (uint32_t i = 0; i < N_TURNS; i++) {
        assert_int_equal(played[i], i);
    }
}

static void the_end_wakes_who_waits(void **state) {
    (void)state;
    pthread_t thread;
    uint32_t side = 1;
    atomic_store(&board->turn, 0);
    fill(); /* turn 0 belongs to side 0, who never comes */
    n_played = 0;
    assert_int_equal(pthread_create(&thread, NULL, play, &side), 0);
    bench__board_end(board);
    pthread_join(thread, NULL);
    assert_int_equal(n_played, 0);
    assert_int_equal(bench__board_await(board, 0), 0);
}

static int make(void **state) {
    (void)state;
    int fd;
    struct bench__board *first = bench__board_new(&fd, N_TURNS, NULL);
    assert_non_null(first);
    board = bench__board_open(fd, NULL); /* the same memory, mapped as a worker does */
    assert_non_null(board);
    first->turns[5].iterations = 77;
    assert_int_equal(board->turns[5].iterations, 77);
    bench__board_free(first);
    close(fd);
    return 0;
}

static int release(void **state) {
    (void)state;
    bench__board_free(board);
    return 0;
}

static void what_is_no_board_is_refused(void **state) {
    (void)state;
    int fds[2];
    bench_error error = {0};
    assert_null(bench__board_open(-1, &error));
    assert_int_equal(error.code, BENCH_EINVAL);
    assert_int_equal(pipe(fds), 0);
    assert_null(bench__board_open(fds[0], NULL));
    close(fds[0]);
    close(fds[1]);
    int fd;
    struct bench__board *lying = bench__board_new(&fd, 10, NULL);
    lying->capacity = 1000000;
    error = (bench_error){0};
    assert_null(bench__board_open(fd, &error));
    assert_int_equal(error.code, BENCH_EFORMAT);
    lying->capacity = 10;
    bench__board_free(lying);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_strict),
        cmocka_unit_test(the_end_wakes_who_waits),
        cmocka_unit_test(what_is_no_board_is_refused),
    };
    return cmocka_run_group_tests(tests, make, release);
}
