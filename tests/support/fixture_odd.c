/*
 * A benchmark executable that misbehaves before or beside its benchmarks, as $ODD says:
 *
 *   hangs_at_start     never reaches bench_main()
 *   hangs_as_worker    lists its benchmarks, but never starts a worker
 *   changes_its_list   has a benchmark less when it is to run it
 *   prints_first       talks before bench_main()
 *   exits_as_worker    ends with exit code 7 instead of becoming a worker
 *   other_protocol     its worker speaks another version of the protocol
 *   babbles            its worker sends what is no message
 */
#include <bench/bench.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *behaviour) {
    const char *odd = getenv("ODD");
    return odd != NULL && strcmp(odd, behaviour) == 0;
}

static void caller_timed(bench_state *b) {
    bench_set_elapsed_ns(b, 125.0 * (double)bench_iterations(b));
}

/* The header of a frame (worker/wire.c), as a later version may send it. */
static void greet_in_another_protocol(int fd) {
    const struct {
        uint32_t magic;
        uint16_t protocol, type;
        uint64_t n;
    } hello = {0x68636e62, 999, 1, 0};
    if (write(fd, &hello, sizeof hello) != sizeof hello) {
        abort();
    }
}

static void babble(int fd) {
    static const char text[] = "what is this? certainly no message of a worker";
    if (write(fd, text, sizeof text) != sizeof text) {
        abort();
    }
}

static void misbehave(int is_worker) {
    const char *worker = getenv("BENCH__WORKER");
    const int fd = worker != NULL ? atoi(worker) : -1;
    if (is("prints_first")) {
        printf("an executable talking\n");
        fflush(stdout);
    }
    if (is("exits_as_worker") && is_worker) {
        exit(7);
    }
    if (is("other_protocol") && is_worker) {
        greet_in_another_protocol(fd);
    }
    if (is("babbles") && is_worker) {
        babble(fd);
    }
    if (is("hangs_at_start") ||
        ((is("hangs_as_worker") || is("other_protocol") || is("babbles")) && is_worker)) {
        for (;;) {
            pause();
        }
    }
}

int main(int argc, char **argv) {
    const int is_worker = getenv("BENCH__WORKER") != NULL;
    misbehave(is_worker);
    bench_suite *suite = bench_suite_new("fixture");
    bench_group *group = bench_group_new(suite, "good");
    bench_add(group, "caller_timed", caller_timed, &(bench_opts){.caller_timed = 1});
    if (!is_worker || !is("changes_its_list")) {
        bench_add(group, "counters", caller_timed, &(bench_opts){.caller_timed = 1});
    }
    const int status = bench_main(argc, argv, &suite, 1);
    bench_suite_free(suite);
    return status;
}
