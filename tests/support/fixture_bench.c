/*
 * A benchmark executable for tests of the runner and of the command line: "good" uses every way of
 * writing a benchmark, "bad" does what benchmarks must not do. It is never run as a whole.
 */
#include <bench/bench.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_WORDS 1024

/* ---- good -------------------------------------------------------------------------------------
 */

static void add_up(bench_state *b) {
    const int64_t n = bench_param_i64(b, "n");
    BENCH_LOOP(b) {
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++) {
            sum += i;
            bench_keep(sum);
        }
    }
}

static void empty(bench_state *b) {
    BENCH_LOOP(b) {}
}

static void named_text(bench_state *b) {
    const char *text = bench_param_str(b, "text");
    BENCH_LOOP(b) {
        bench_keep(text[0]);
    }
}

static int words_setup(bench_state *b) {
    int *words = calloc(N_WORDS, sizeof *words);
    if (!words) {
        bench_fail(b, "no memory");
        return 1;
    }
    bench_set_user(b, words);
    return 0;
}

static void words_teardown(bench_state *b) {
    free(bench_user(b));
}

static int words_fill(bench_state *b, uint64_t n_iterations) {
    int *words = bench_user(b);
    for (uint64_t i = 0; i < n_iterations; i++) {
        words[i] = 1;
    }
    return 0;
}

static void batched(bench_state *b) {
    int *words = bench_user(b);
    uint64_t unprepared = 0;
    BENCH_LOOP_INDEX(b, i) {
        unprepared += words[i] != 1;
        words[i] = 0;
    }
    if (unprepared > 0) {
        bench_fail(b, "%llu iterations without setup", (unsigned long long)unprepared);
    }
}

static void caller_timed(bench_state *b) {
    bench_set_elapsed_ns(b, 125.0 * (double)bench_iterations(b));
}

static void caller_timed_slower(bench_state *b) {
    bench_set_elapsed_ns(b, 150.0 * (double)bench_iterations(b));
}

#ifndef SLOW_BY_BUILD_NS
#define SLOW_BY_BUILD_NS 125.0
#endif

/* 125 ns by its own account, a tenth more in the slow build of this file. */
static void slow_by_build(bench_state *b) {
    bench_set_elapsed_ns(b, SLOW_BY_BUILD_NS * (double)bench_iterations(b));
}

static void counters(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
    bench_counter(b, "fill", 7, BENCH_COUNTER_VALUE, "1");
    bench_counter(b, "bytes", 64, BENCH_COUNTER_PER_ITERATION, "bytes");
}

static void shared(bench_state *b) {
    int *words = bench_user(b);
    int *mine = &words[bench_thread_index(b) * 64];
    BENCH_LOOP(b) {
        ++*mine;
        bench_clobber();
    }
}

/* ---- bad --------------------------------------------------------------------------------------
 */

static void wait_forever(bench_state *b) {
    BENCH_LOOP(b) {
        for (;;) {
            bench_clobber();
        }
    }
}

static void ten_seconds(bench_state *b) {
    BENCH_LOOP(b) {
        const time_t end = time(NULL) + 10;
        while (time(NULL) < end) {
            bench_clobber();
        }
    }
}

static void exits(bench_state *b) {
    BENCH_LOOP(b) {
        exit(0);
    }
}

static void crashes(bench_state *b) {
    BENCH_LOOP(b) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would turn the signal into an exit */
        raise(SIGSEGV);
    }
}

static void prints(bench_state *b) {
    BENCH_LOOP(b) {
        printf("a benchmark talking\n");
    }
}

static void forks(bench_state *b) {
    BENCH_LOOP(b) {
        const pid_t child = fork();
        if (child == 0) {
            exit(0); /* runs the exit handlers and flushes the streams of the worker's copy */
        }
        if (child < 0 || waitpid(child, NULL, 0) != child) {
            bench_fail(b, "cannot fork");
            return;
        }
    }
}

static void maps_4_gib(bench_state *b) {
    const size_t size = (size_t)4 << 30;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        bench_skip(b, "no address space for 4 GiB");
        return;
    }
    BENCH_LOOP(b) {
        memory[size / 2] = 1;
        bench_clobber();
    }
    munmap(memory, size);
}

static void leaves_loop(bench_state *b) {
    BENCH_LOOP(b) {
        break;
    }
}

static void has_no_loop(bench_state *b) {
    (void)b;
}

static void asks_wrong_axis(bench_state *b) {
    const int64_t n = bench_param_i64(b, "there is no such axis");
    BENCH_LOOP(b) {
        bench_keep(n);
    }
}

static void fails(bench_state *b) {
    bench_fail(b, "as it was told to, %d times", 1);
}

static void skips(bench_state *b) {
    bench_skip(b, "nothing to measure here");
}

static int setup_that_fails(bench_state *b) {
    bench_fail(b, "setup did not work");
    return 1;
}

/* Works alone, but not while another of its kind works in the same directory: as side of a pair. */
static int take_directory(bench_state *b) {
    const int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bench_fail(b, "the directory is taken");
        return 1;
    }
    return 0;
}

/* ---- declarations -----------------------------------------------------------------------------
 */

static void declare_good(bench_suite *suite) {
    bench_group *group = bench_group_new(suite, "good");
    bench_group *sized = bench_group_new(suite, "sized");
    bench_group *text = bench_group_new(suite, "text");
    bench_group *threads = bench_group_new(suite, "threads");
    bench_group *duel = bench_group_new(suite, "duel");

    bench_add(duel, "slower", caller_timed_slower, &(bench_opts){.caller_timed = 1});
    bench_group *builds = bench_group_new(suite, "builds");
    bench_add(builds, "slow_by_build", slow_by_build, &(bench_opts){.caller_timed = 1});
    for (char name[] = "even_1"; name[5] < '5'; name[5]++) {
        bench_add(builds, name, caller_timed, &(bench_opts){.caller_timed = 1});
    }
    bench_add(group, "empty", empty, NULL);
    bench_add(group, "batched", batched,
              &(bench_opts){.setup = words_setup,
                            .teardown = words_teardown,
                            .batch_setup = words_fill,
                            .batch_max = N_WORDS});
    bench_add(group, "caller_timed", caller_timed, &(bench_opts){.caller_timed = 1});
    bench_add(group, "counters", counters, NULL);
    bench_add(group, "latency", empty, &(bench_opts){.sampling = BENCH_SAMPLING_LATENCY});

    bench_group_axis_i64(sized, "n", (int64_t[]){10, 1000}, 2);
    bench_group_throughput(sized, BENCH_ELEMENTS, "n");
    bench_add(sized, "add_up", add_up, NULL);

    bench_group_axis_str(text, "text", (const char *const[]){"short", "with a space"}, 2);
    bench_add(text, "first", named_text, NULL);

    bench_group_threads(threads, (int64_t[]){1, 2}, 2);
    bench_add(threads, "own_line", shared,
              &(bench_opts){.setup = words_setup, .teardown = words_teardown});
}

/* A pair whose sides take exactly 100 and 200 ns, by their own account. */
static void once(bench_state *b) {
    bench_set_elapsed_ns(b, 100.0 * (double)bench_iterations(b));
}

static void twice(bench_state *b) {
    bench_set_elapsed_ns(b, 200.0 * (double)bench_iterations(b));
}

static void declare_pairs(bench_suite *suite) {
    static const bench_opts own_time = {.caller_timed = 1};
    bench_group *group = bench_group_new(suite, "pairs");
    bench_pair(group, "doubling", "once", "twice"); /* before its functions, which is allowed */
    bench_group_axis_i64(group, "n", (int64_t[]){1, 20}, 2);
    bench_add(group, "once", once, &own_time);
    bench_add(group, "twice", twice, &own_time);
}

static void declare_bad(bench_suite *suite) {
    bench_group *group = bench_group_new(suite, "bad");
    bench_add(group, "wait_forever", wait_forever, NULL);
    bench_add(group, "ten_seconds", ten_seconds, NULL);
    bench_add(group, "exits", exits, NULL);
    bench_add(group, "crashes", crashes, NULL);
    bench_add(group, "prints", prints, NULL);
    bench_add(group, "forks", forks, NULL);
    bench_add(group, "maps_4_gib", maps_4_gib, NULL);
    bench_add(group, "leaves_loop", leaves_loop, NULL);
    bench_add(group, "has_no_loop", has_no_loop, NULL);
    bench_add(group, "asks_wrong_axis", asks_wrong_axis, NULL);
    bench_add(group, "fails", fails, NULL);
    bench_add(group, "skips", skips, NULL);
    bench_add(group, "setup_fails", empty, &(bench_opts){.setup = setup_that_fails});
    bench_add(group, "alone", empty, &(bench_opts){.setup = take_directory});
    bench_add(group, "alone_too", empty, &(bench_opts){.setup = take_directory});
    bench_pair(group, "together", "alone", "alone_too");
    bench_pair(group, "skipped", "alone", "skips");
}

int main(int argc, char **argv) {
    bench_suite *suite = bench_suite_new("fixture");
    declare_good(suite);
    declare_pairs(suite);
    declare_bad(suite);
    const int status = bench_main(argc, argv, &suite, 1);
    bench_suite_free(suite);
    return status;
}
