/* The command line itself: what is accepted, what is refused and in which words, and what goes
 * together. */
#include "parsing.h"

#include "base/mem.h"
#include "result/gates.h"

static const struct bench__command compare = {BENCH__CMD_COMPARE, "compare", "OLD NEW", 2, 2,
                                              "Compares.",        NULL};

/* ---- the line ---- */

static void arguments_and_options_mix(void **state) {
    struct parsing *f = *state;
    assert_int_equal(parse(f, "core --quick net/* - --seed 7 /a|b/ -- --list -q"), 0);
    assert_int_equal(f->options.arguments.n, 6);
    assert_string_equal(f->options.arguments.items[0], "core");
    assert_string_equal(f->options.arguments.items[1], "net/*");
    assert_string_equal(f->options.arguments.items[2], "-");
    assert_string_equal(f->options.arguments.items[3], "/a|b/");
    assert_string_equal(f->options.arguments.items[4], "--list");
    assert_string_equal(f->options.arguments.items[5], "-q");
    assert_true(f->options.quick);
    assert_false(f->options.list);
    assert_int_equal(f->options.seed, 7);
}

static void values_may_hold_anything(void **state) {
    struct parsing *f = *state;
    assert_int_equal(parse(f, "--param=a=b=c --out - --out=--odd --exclude=-x --report=a=b"), 0);
    assert_string_equal(f->options.param.items[0], "a=b=c");
    assert_string_equal(f->options.out.items[0], "-");
    assert_string_equal(f->options.out.items[1], "--odd");
    assert_string_equal(f->options.exclude.items[0], "-x");
    assert_string_equal(f->options.report, "a=b");
    assert_int_equal(parse(f, "--profile-time 10"), 0);
    assert_int_equal(f->options.profile_time_ns, MILLISECONDS(10000));
    assert_int_equal(parse(f, "--seed 18446744073709551615"), 0);
    assert_true(f->options.seed == UINT64_MAX);
    assert_int_equal(parse(f, "--nresamples 20k --threshold 0.025 --fail-on none"), 0);
    assert_int_equal(f->options.n_resamples, 20000);
    assert_true(f->options.threshold == 0.025);
    assert_int_equal(f->options.fail_on, BENCH__FAIL_NONE);
    assert_int_equal(parse(f, "--cache-size 0"), 0);
    assert_int_equal(f->options.cache_size_bytes, 0);
    assert_int_equal(parse(f, ""), 0);
    assert_int_equal(f->options.cache_size_bytes, 512 << 20);
}

static void no_arguments_at_all(void **state) {
    struct parsing *f = *state;
    assert_int_equal(bench__cli_parse(&f->options, &bench__command_run, 0, NULL, &f->err), 0);
    assert_int_equal(f->options.launches, 16);
}

static void unknown_options_name_the_nearest(void **state) {
    struct parsing *f = *state;
    assert_refused(f, "--basline x", "unknown option '--basline'; did you mean --baseline?");
    assert_refused(f, "--baselin x",
                   "unknown option '--baselin'; did you mean --baseline or --baseline-lenient or "
                   "--baseline-exe?");
    assert_refused(f, "--lsit", "unknown option '--lsit'; did you mean --list?");
    assert_refused(f, "-quick", "unknown option '-quick'; did you mean --quick?");
    assert_refused(f, "--colour=always", "unknown option '--colour=always'; did you mean --color?");
    assert_refused(f, "--zzzzzz", "unknown option '--zzzzzz'");
    assert_refused(f, "-x", "unknown option '-x'");
    assert_refused(f, "-qv", "unknown option '-qv'");
    assert_refused(f, "--=5", "unknown option '--=5'");
    assert_refused(f, "--reason x", "unknown option '--reason'");
    write_config(f, "launchs = 5\n");
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
    assert_string_equal(f->err.text, "unknown option 'launchs'; did you mean --launches?");
}

static void missing_values(void **state) {
    struct parsing *f = *state;
    assert_refused(f, "--launches", "--launches needs a value: --launches N");
    assert_refused(f, "--save-baseline --quick",
                   "--save-baseline needs a value, and '--quick' looks like an option; write "
                   "--save-baseline=--quick if it is the value");
}

static void values_out_of_range(void **state) {
    struct parsing *f = *state;
    assert_refused(f, "--launches 0", "--launches: '0' is not between 1 and 10000");
    assert_refused(f, "--cpu -1", "--cpu: '-1' is not between 0 and 4095");
    assert_refused(f, "--measurement-time 10us",
                   "--measurement-time: '10us' is not between 1 ms and 24 h");
    assert_refused(f, "--timeout 25h", "--timeout: '25h' is not between 1 ms and 24 h");
    assert_refused(f, "--confidence-level 0.2",
                   "--confidence-level: '0.2' is not between 50.00 % and 99.99 %");
    assert_refused(f, "--color maybe", "--color: 'maybe' is none of: auto, always, never");
    assert_refused(f, "--quick=perhaps", "--quick: 'perhaps' is neither yes nor no (nor 1 or 0)");
    assert_refused(f, "--seed -1", "--seed: '-1' is not an integer from 0 to 2^64-1");
    assert_refused(f, "--seed 18446744073709551616",
                   "--seed: '18446744073709551616' is not an integer from 0 to 2^64-1");
    assert_refused(f, "--cache-size 2s",
                   "--cache-size: '2s' is not a size up to 1024 TiB: write it as 512MiB, 2GB or 0");
    assert_refused(f, "--cache-size 5%",
                   "--cache-size: '5%' is not a size up to 1024 TiB: write it "
                   "as 512MiB, 2GB or 0");
    assert_refused(f, "--cache-size 2000TiB",
                   "--cache-size: '2000TiB' is not a size up to 1024 "
                   "TiB: write it as 512MiB, 2GB or 0");
    assert_refused(f, "--report=", "--report: a path is needed, not an empty text");
}

/* Whatever stands there is refused as a whole, in one short line. */
static void hostile_values(void **state) {
    static const char *const values[] = {
        "",          "x",        "1e99", "0x10",     "+5",
        "5x",        "nan",      "inf",  "-0.5",     "99999999999999999999999999",
        "1\x1b[31m", "\xff\xfe", "%s%n", "../../etc"};
    static const char *const names[] = {"launches", "timeout", "threshold", "seed",
                                        "cpu",      "fail-on", "cache-size"};
    struct parsing *f = *state;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char words[200];
            snprintf(words, sizeof words, "--%s=%s", names[n], values[v]);
            assert_int_equal(parse(f, words), BENCH_EINVAL);
            for (const char *p = f->err.text; *p != '\0'; p++)
                assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
        }
    }
    for (const char *const *bad = (const char *const[]){"", ".x", "-x", "a/b", "\x01", NULL};
         *bad != NULL; bad++) {
        char words[200];
        snprintf(words, sizeof words, "--save-baseline=%s", *bad);
        assert_int_equal(parse(f, words), BENCH_EINVAL);
    }
}

static void very_long_texts(void **state) {
    struct parsing *f = *state;
    static char words[3000];
    static const char *const starts[] = {
        "--", "--launches=", "--baseline=", "--color=", "-", "--param=", "--exclude=/"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        memset(words, 'x', sizeof words - 1);
        memcpy(words, starts[i], strlen(starts[i]));
        assert_int_equal(parse(f, words), BENCH_EINVAL);
        assert_true(strlen(f->err.text) < 300);
    }
}

static void bad_params_and_patterns(void **state) {
    static const char *const params[] = {"size", "=1", "size=", "size=1,,2", "size=1,", "size=,1"};
    struct parsing *f = *state;
    char words[100];
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        snprintf(words, sizeof words, "--param=%s", params[i]);
        assert_int_equal(parse(f, words), BENCH_EINVAL);
        assert_non_null(strstr(f->err.text, "does not have the form NAME=VALUE"));
    }
    assert_int_equal(parse(f, "--exclude=/(/"), BENCH_EINVAL);
    assert_non_null(strstr(f->err.text, "--exclude: regular expression"));
    assert_int_equal(parse(f, "a /(/"), BENCH_EINVAL);
    assert_string_equal(f->err.place, "filter");
    assert_int_equal(parse(f, "--exact core/[x"), 0); /* a name, not a pattern */
    assert_int_equal(parse(f, "core/[x"), BENCH_EINVAL);
}

/* ---- what goes together ---- */

static void conflicts_are_explained(void **state) {
    struct parsing *f = *state;
    assert_refused(f, "-q -v",
                   "--quiet and --verbose do not go together: one asks for less and one for more");
    assert_refused(f, "--save-baseline a --profile-time 10",
                   "--profile-time and --save-baseline do not go together: a run for a profiler "
                   "is not analysed and leaves baselines alone");
    assert_refused(f, "--test --save-baseline a",
                   "--test and --save-baseline do not go together: --test measures nothing, "
                   "so there are no results");
    assert_refused(f, "--load-baseline a --launches 3",
                   "--load-baseline and --launches do not go together: --load-baseline takes "
                   "stored results and runs nothing");
    assert_refused(f, "--format json",
                   "--format belongs to --list; for results there is --output-format");
    for (int i = 0; i < BENCH__N_CONFLICTS; i++) {
        const struct bench__conflict *c = &bench__conflicts[i];
        for (const enum bench__option_id *id = c->others; *id != BENCH__N_OPTIONS; id++) {
            const char *one, *other, *field;
            char words[200];
            example(&bench__options[c->one], &one, &field);
            example(&bench__options[*id], &other, &field);
            snprintf(words, sizeof words, "--%s=%s --%s=%s", bench__options[c->one].name, one,
                     bench__options[*id].name, other);
            assert_int_equal(parse(f, words), BENCH_EINVAL);
            assert_non_null(strstr(f->err.text, c->why));
        }
    }
}

static void the_stronger_of_two_sources_stands(void **state) {
    struct parsing *f = *state;
    write_config(f, "baseline = main\nlaunches = 4\nreport = out\nverbose = yes\n");
    assert_int_equal(parse(f, "--test --quiet"), 0);
    assert_true(f->options.test);
    assert_null(f->options.baseline);
    assert_null(f->options.report);
    assert_false(f->options.verbose);
    assert_int_equal(parse(f, "--load-baseline new"), 0);
    assert_string_equal(f->options.baseline, "main");
    assert_int_equal(f->options.launches, 16);
    assert_false(bench__cli_given(&f->options, BENCH__OPT_LAUNCHES));
    setenv("BENCH_LOAD_BASELINE", "new", 1);
    assert_int_equal(parse(f, "--launches 5"), 0);
    assert_null(f->options.load_baseline);
    assert_int_equal(f->options.launches, 5);
}

static void one_source_cannot_contradict_itself(void **state) {
    struct parsing *f = *state;
    write_config(f, "quiet = yes\nverbose = yes\n");
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
    assert_string_equal(f->err.place, "configuration file");
    unsetenv("BENCH_CONFIG");
    setenv("BENCH_QUIET", "1", 1);
    setenv("BENCH_VERBOSE", "1", 1);
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
    assert_string_equal(f->err.place, "environment");
}

static void help_comes_before_any_error(void **state) {
    struct parsing *f = *state;
    write_config(f, "nonsense\n");
    setenv("BENCH_LAUNCHES", "many", 1);
    assert_int_equal(parse(f, "-q -v --help"), 0);
    assert_true(f->options.help);
    assert_int_equal(parse(f, "--completion bash"), 0);
    assert_true(bench__cli_given(&f->options, BENCH__OPT_COMPLETION));
    assert_int_equal(parse(f, "--man"), 0);
    assert_true(f->options.man);
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
}

/* ---- other commands ---- */

static void commands_have_their_own_options(void **state) {
    struct parsing *f = *state;
    setenv("BENCH_SAMPLE_SIZE", "not looked at", 1);
    setenv("BENCH_CONFIG", "/nonexistent/file", 1);
    assert_int_equal(parse_as(f, &compare, "a b --threshold 3%"), 0);
    assert_true(f->options.threshold == 0.03);
    assert_int_equal(parse_as(f, &compare, "a b --sample-size 5"), BENCH_EINVAL);
    assert_int_equal(parse_as(f, &compare, "a"), BENCH_EINVAL);
    assert_string_equal(f->err.text, "needs OLD NEW");
    assert_int_equal(parse_as(f, &compare, "a b c"), BENCH_EINVAL);
    assert_string_equal(f->err.text, "unexpected argument 'c'");
    assert_int_equal(parse_as(f, &compare, "--help"), 0);
}

static void commands_that_play_duels_have_their_own_times(void **state) {
    struct parsing *f = *state;
    assert_int_equal(parse(f, ""), 0);
    assert_int_equal(f->options.warm_up_time_ns, MILLISECONDS(400));
    assert_int_equal(f->options.measurement_time_ns, MILLISECONDS(1200));
    assert_int_equal(parse_as(f, &compare, "a b"), 0);
    assert_int_equal(f->options.warm_up_time_ns, MILLISECONDS(200));
    assert_int_equal(f->options.measurement_time_ns, MILLISECONDS(1000));
    assert_false(bench__cli_given(&f->options, BENCH__OPT_WARM_UP_TIME));
    assert_int_equal(parse_as(f, &compare, "a b --warm-up-time 5ms"), 0);
    assert_int_equal(f->options.warm_up_time_ns, MILLISECONDS(5));
    assert_int_equal(f->options.measurement_time_ns, MILLISECONDS(1000));
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state) {
    struct parsing *f = *state;
    const char *words = "core /x/ --exclude a --out x.json --baseline b --quick --exact";
    write_config(f, "exclude = y\nexclude = z\nparam = a=1\nbaselines-dir = d\n");
    setenv("BENCH_EXCLUDE", "p;q", 1);
    setenv("BENCH_GATES", "g.json", 1);
    long before = bench__mem_live();
    int rc = BENCH_ENOMEM;
    for (long n = 0; rc != 0; n++) {
        assert_true(n < 1000);
        bench__mem_fail_after(n);
        rc = parse(f, words);
        bench__mem_fail_after(-1);
        assert_true(rc == 0 || rc == BENCH_ENOMEM);
        assert_int_equal(f->err.code, rc);
    }
    assert_string_equal(f->options.baselines_dir, "d");
    bench__cli_clear(&f->options);
    assert_int_equal(bench__mem_live(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_and_options_mix, setup, teardown),
        cmocka_unit_test_setup_teardown(values_may_hold_anything, setup, teardown),
        cmocka_unit_test_setup_teardown(no_arguments_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_options_name_the_nearest, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_values, setup, teardown),
        cmocka_unit_test_setup_teardown(values_out_of_range, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_values, setup, teardown),
        cmocka_unit_test_setup_teardown(very_long_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_params_and_patterns, setup, teardown),
        cmocka_unit_test_setup_teardown(conflicts_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(the_stronger_of_two_sources_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(one_source_cannot_contradict_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(help_comes_before_any_error, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_have_their_own_options, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_that_play_duels_have_their_own_times, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
