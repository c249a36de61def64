/*
 * Two forked processes, a board of worker/board.h, and a time stamp at both ends of each turn.
 */
#include "selftest/turns.h"

#include "base/error.h"
#include "base/robust.h"
#include "measure/clock.h"
#include "worker/board.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_TURNS = 2000, N_LEFT_OUT = 100 /* until caches and predictors know the way */ };

struct stamps {
    int64_t began_ns[N_TURNS], passed_ns[N_TURNS];
};

/* A place for both on one CPU, the first that is allowed; without the right to choose, anywhere. */
static void stay_on_one_cpu(void) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return;
    }
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_SET(cpu, &one);
            break;
        }
    }
    (void)sched_setaffinity(0, sizeof one, &one);
}

static void play(struct bench__board *board, struct stamps *stamps, uint32_t side) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    stay_on_one_cpu();
    for (uint32_t turn = side; turn < N_TURNS && bench__board_await(board, turn); turn += 2) {
        stamps->began_ns[turn] = bench__monotonic_ns();
        stamps->passed_ns[turn] = bench__monotonic_ns();
        bench__board_pass(board, turn + 1);
    }
    _exit(0);
}

static double median_turn(const struct stamps *stamps) {
    double ns[N_TURNS];
    size_t n = 0;
    for (int turn = N_LEFT_OUT; turn < N_TURNS; turn++) {
        ns[n++] = (double)(stamps->began_ns[turn] - stamps->passed_ns[turn - 1]);
    }
    return bench__median_inplace(ns, n);
}

/* Starts one player. The turn of side 0 has begun already: turn 0 is where a board starts. */
static pid_t start(struct bench__board *board, struct stamps *stamps, uint32_t side) {
    const pid_t pid = fork();
    if (pid == 0) {
        play(board, stamps, side);
    }
    return pid;
}

int bench__selftest_turn_ns(double *out_ns, bench_error *err) {
    int fd;
    struct bench__board *board = bench__board_new(&fd, 1, err);
    if (board == NULL) {
        return BENCH_ESYSTEM;
    }
    close(fd);
    struct stamps *stamps =
        mmap(NULL, sizeof *stamps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stamps == MAP_FAILED) {
        bench__board_free(board);
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot map memory for time stamps");
    }
    pid_t pids[2];
    int code = 0;
    for (uint32_t side = 0; side < 2; side++) {
        pids[side] = start(board, stamps, side);
        if (pids[side] < 0) {
            code = bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot start a process");
            bench__board_end(board);
        }
    }
    for (int side = 0; side < 2; side++) {
        if (pids[side] > 0) {
            while (waitpid(pids[side], NULL, 0) < 0 && errno == EINTR) {
            }
        }
    }
    *out_ns = code == 0 ? median_turn(stamps) : 0;
    munmap(stamps, sizeof *stamps);
    bench__board_free(board);
    return code;
}
