/*
 * The load beside a selftest: a forked process without files or output.
 */
#include "selftest/neighbour.h"

#include "base/error.h"
#include "base/rng.h"
#include "measure/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_BYTES ((size_t)32 << 20)
#define BURST_MIN_NS 2000000
#define BURST_NS     38000000

enum burst { COMPUTE = 0, MEMORY, REST, N_BURSTS };

static void compute(uint64_t *x) {
    for (int i = 0; i < 10000; i++) {
        *x = *x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(*x));
    }
}

static void rest(int64_t ns) {
    const struct timespec time = {0, (long)ns};
    nanosleep(&time, NULL);
}

static void make_noise(uint64_t seed) {
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    char *memory =
        mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const size_t chunk = MEMORY_BYTES / 64;
    uint64_t x = seed;
    size_t at = 0;
    for (;;) {
        const enum burst burst = (enum burst)bench__rng_below(&rng, N_BURSTS);
        const int64_t ns = BURST_MIN_NS + (int64_t)bench__rng_below(&rng, BURST_NS);
        const int64_t end = bench__monotonic_ns() + ns;
        if (burst == REST) {
            rest(ns);
        }
        while (burst != REST && bench__monotonic_ns() < end) {
            if (burst == MEMORY && memory != MAP_FAILED) {
                memset(memory + at, (int)(x & 0xff), chunk);
                at = (at + chunk) % MEMORY_BYTES;
            } else {
                compute(&x);
            }
        }
    }
}

int bench__neighbour_start(pid_t *out, uint64_t seed, bench_error *err) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot start a noisy neighbour");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        signal(SIGINT, SIG_IGN); /* the parent decides when it is over */
        make_noise(seed);
    }
    *out = pid;
    return 0;
}

void bench__neighbour_stop(pid_t pid) {
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}
