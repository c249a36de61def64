/* The option table through all its sources; values of every kind; what is refused, and in which
 * words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/options.h"
#include "result/gates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MILLISECONDS(n) ((int64_t)(n)*1000000)
#define MAX_ARGUMENTS   16

static const struct bench__command compare = {BENCH__CMD_COMPARE, "compare", "OLD NEW", 2, 2,
                                              "Compares.",        NULL};

struct fixture {
    struct bench__cli_options options;
    bench_error err;
    char file[64];
};

/* ---- helpers ---- */

static void forget_environment(void) {
    char name[64];
    for (int id = 0; id < BENCH__N_OPTIONS; id++)
        unsetenv(bench__option_variable(&bench__options[id], name));
}

static int setup(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.file = "/tmp/bench-options-XXXXXX"};
    int fd = mkstemp(fixture.file);
    if (fd < 0)
        return -1;
    close(fd);
    forget_environment();
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    bench__cli_clear(&f->options);
    unlink(f->file);
    forget_environment();
    return 0;
}

/* Parses the words of a line, separated by blanks. */
static int parse_as(struct fixture *f, const struct bench__command *command, const char *words) {
    static char copy[4096];
    char *argv[MAX_ARGUMENTS], *rest = NULL;
    int argc = 0;
    argv[argc++] = copy; /* any text: the program's name is not looked at */
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < MAX_ARGUMENTS);
        argv[argc++] = word;
    }
    bench__cli_clear(&f->options);
    f->err = (bench_error){0};
    return bench__cli_parse(&f->options, command, argc, argv, &f->err);
}

static int parse(struct fixture *f, const char *words) {
    return parse_as(f, &bench__command_run, words);
}

static void write_config(struct fixture *f, const char *text) {
    assert_int_equal(bench__write_file_atomic(f->file, text, strlen(text), NULL), 0);
    setenv("BENCH_CONFIG", f->file, 1);
}

static void assert_refused(struct fixture *f, const char *words, const char *text) {
    assert_int_equal(parse(f, words), BENCH_EINVAL);
    assert_string_equal(f->err.text, text);
    assert_string_equal(f->err.place, "");
}

/* A value of the option's kind that is not its default, and how its field then prints. */
static void example(const struct bench__option *option, const char **text, const char **field) {
    switch (option->kind) {
    case BENCH__KIND_FLAG:
        *text = "yes", *field = "1";
        break;
    case BENCH__KIND_INTEGER:
    case BENCH__KIND_SEED:
        *text = "123", *field = "123";
        break;
    case BENCH__KIND_DURATION:
        *text = "50ms", *field = "50000000";
        break;
    case BENCH__KIND_FRACTION:
        *text = "50%", *field = "0.5";
        break;
    case BENCH__KIND_CHOICE:
        *text = option->choices[1], *field = "1";
        break;
    case BENCH__KIND_FAIL_ON:
        *text = "inconclusive", *field = "8";
        break;
    case BENCH__KIND_PATTERN:
        *text = *field = "core/**/[ab]?";
        break;
    case BENCH__KIND_PARAM:
        *text = *field = "size=64,128";
        break;
    default:
        *text = *field = "sample";
    }
}

static const char *field_text(const struct bench__cli_options *options,
                              const struct bench__option *option, char buf[200]) {
    const void *field = (const char *)options + option->offset;
    const struct bench__texts *texts = field;
    switch (option->kind) {
    case BENCH__KIND_FLAG:
    case BENCH__KIND_CHOICE:
    case BENCH__KIND_FAIL_ON:
        snprintf(buf, 200, "%d", *(const int *)field);
        break;
    case BENCH__KIND_INTEGER:
    case BENCH__KIND_SEED:
    case BENCH__KIND_DURATION:
        snprintf(buf, 200, "%lld", (long long)*(const int64_t *)field);
        break;
    case BENCH__KIND_FRACTION:
        snprintf(buf, 200, "%g", *(const double *)field);
        break;
    default:
        snprintf(buf, 200, "%s",
                 !option->repeatable ? *(char *const *)field
                 : texts->n == 1     ? texts->items[0]
                                     : "(not one)");
    }
    return buf;
}

static void assert_example(const struct fixture *f, enum bench__option_id id,
                           enum bench__option_source source) {
    const char *text, *expected;
    char buf[200];
    example(&bench__options[id], &text, &expected);
    assert_string_equal(field_text(&f->options, &bench__options[id], buf), expected);
    assert_int_equal(f->options.source[id], source);
}

static int is_tried(enum bench__option_id id) {
    return (bench__options[id].commands & BENCH__CMD_RUN) != 0 &&
           !bench__options[id].only_on_line && id != BENCH__OPT_CONFIG;
}

/* ---- every option ---- */

static void table_is_complete(void **state) {
    (void)state;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        assert_non_null(option->name);
        assert_true(strlen(option->help) > 5);
        assert_non_null(option->group);
        assert_true(option->commands != 0);
        assert_int_equal(option->value == NULL, option->kind == BENCH__KIND_FLAG);
        assert_int_equal(option->choices != NULL, option->kind == BENCH__KIND_CHOICE);
        for (int other = 0; other < id; other++)
            assert_string_not_equal(option->name, bench__options[other].name);
    }
}

static void every_option_on_the_line(void **state) {
    struct fixture *f = *state;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        const char *text, *field;
        char words[200];
        if (!is_tried(id))
            continue;
        example(option, &text, &field);
        snprintf(words, sizeof words, "--list --%s=%s", option->name, text);
        assert_int_equal(parse(f, words), 0);
        assert_example(f, id, BENCH__FROM_COMMAND_LINE);
        snprintf(words, sizeof words, "--%s%s%s --list", option->name, option->value ? " " : "",
                 option->value ? text : "");
        assert_int_equal(parse(f, words), 0);
        assert_example(f, id, BENCH__FROM_COMMAND_LINE);
        assert_int_equal(f->options.arguments.n, 0);
    }
}

static void every_option_in_the_environment(void **state) {
    struct fixture *f = *state;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const char *text, *field;
        char name[64];
        if (!is_tried(id))
            continue;
        example(&bench__options[id], &text, &field);
        setenv(bench__option_variable(&bench__options[id], name), text, 1);
        assert_int_equal(parse(f, ""), 0);
        assert_example(f, id, BENCH__FROM_ENVIRONMENT);
        unsetenv(name);
    }
}

static void every_option_in_a_file(void **state) {
    struct fixture *f = *state;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const char *text, *field;
        char line[200];
        if (!is_tried(id))
            continue;
        example(&bench__options[id], &text, &field);
        snprintf(line, sizeof line, "# one option\n\n  %s\t= %s  # here\r\n",
                 bench__options[id].name, text);
        write_config(f, line);
        assert_int_equal(parse(f, ""), 0);
        assert_example(f, id, BENCH__FROM_FILE);
    }
}

static void every_value_is_checked_in_every_source(void **state) {
    struct fixture *f = *state;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        char words[200], name[64], place[100];
        int is_any_text = option->kind == BENCH__KIND_FILE || option->kind == BENCH__KIND_DIRECTORY;
        const char *bad = is_any_text ? "" : "/(";
        if (!is_tried(id))
            continue;
        snprintf(words, sizeof words, "--list --%s=%s", option->name, bad);
        assert_int_equal(parse(f, words), BENCH_EINVAL);
        snprintf(words, sizeof words, "--%s: ", option->name);
        assert_memory_equal(f->err.text, words, strlen(words));

        snprintf(words, sizeof words, "\n%s = %s\n", option->name, bad);
        write_config(f, words);
        assert_int_equal(parse(f, ""), BENCH_EINVAL);
        snprintf(place, sizeof place, "%s:2", f->file);
        assert_string_equal(f->err.place, place);
        unsetenv("BENCH_CONFIG");

        if (is_any_text)
            continue; /* an empty variable is none */
        setenv(bench__option_variable(option, name), bad, 1);
        assert_int_equal(parse(f, ""), BENCH_EINVAL);
        assert_string_equal(f->err.place, name);
        unsetenv(name);
    }
}

/* ---- defaults and precedence ---- */

static void defaults(void **state) {
    struct fixture *f = *state;
    assert_int_equal(parse(f, ""), 0);
    const struct bench__cli_options *o = &f->options;
    assert_int_equal(o->warm_up_time_ns, MILLISECONDS(400));
    assert_int_equal(o->measurement_time_ns, MILLISECONDS(1200));
    assert_int_equal(o->sample_size, 500);
    assert_int_equal(o->launches, 16);
    assert_int_equal(o->timeout_ns, MILLISECONDS(30000));
    assert_true(o->confidence_level == 0.95);
    assert_int_equal(o->n_resamples, 100000);
    assert_true(o->noise_threshold == 0);
    assert_string_equal(o->baselines_dir, "baselines");
    assert_int_equal(o->output_format, BENCH__FORMAT_TEXT);
    assert_int_equal(o->color, BENCH__COLOR_AUTO);
    assert_null(o->gates);
    assert_null(o->save_baseline);
    for (int id = 0; id < BENCH__N_OPTIONS; id++)
        assert_false(bench__cli_given(o, id));
}

static void the_stronger_source_wins(void **state) {
    struct fixture *f = *state;
    write_config(f, "launches = 1\ntimeout = 1s\nseed = 1\nexclude = a\nexclude = b\n");
    setenv("BENCH_LAUNCHES", "2", 1);
    setenv("BENCH_TIMEOUT", "2s", 1);
    setenv("BENCH_EXCLUDE", "c;d", 1);
    assert_int_equal(parse(f, "--launches 3 --launches 4"), 0);
    assert_int_equal(f->options.launches, 4);
    assert_int_equal(f->options.timeout_ns, MILLISECONDS(2000));
    assert_int_equal(f->options.seed, 1);
    assert_int_equal(f->options.exclude.n, 2);
    assert_string_equal(f->options.exclude.items[1], "d");

    assert_int_equal(parse(f, "--exclude e"), 0);
    assert_int_equal(f->options.exclude.n, 1);
    assert_string_equal(f->options.exclude.items[0], "e");

    unsetenv("BENCH_EXCLUDE");
    assert_int_equal(parse(f, ""), 0);
    assert_int_equal(f->options.exclude.n, 2);
    assert_string_equal(f->options.exclude.items[0], "a");
}

static void an_empty_variable_is_none(void **state) {
    struct fixture *f = *state;
    setenv("BENCH_LAUNCHES", "", 1);
    setenv("BENCH_SAVE_BASELINE", "", 1);
    setenv("BENCH_CONFIG", "", 1);
    assert_int_equal(parse(f, ""), 0);
    assert_false(bench__cli_given(&f->options, BENCH__OPT_LAUNCHES));
    assert_null(f->options.save_baseline);
}

static void flags_can_be_switched_off(void **state) {
    struct fixture *f = *state;
    setenv("BENCH_QUIET", "TRUE", 1);
    assert_int_equal(parse(f, "--quiet=no -v"), 0);
    assert_false(f->options.quiet);
    assert_true(f->options.verbose);
}

static void a_benchmarks_own_options(void **state) {
    struct fixture *f = *state;
    const bench_opts own = {.sampling = BENCH_SAMPLING_LINEAR,
                            .launches = 5,
                            .sample_size = 7,
                            .warm_up_time_ns = 1,
                            .measurement_time_ns = 2,
                            .timeout_ns = 3};
    bench_resolved r;
    assert_int_equal(parse(f, ""), 0);
    bench__cli_resolve(&r, &f->options, NULL);
    assert_int_equal(r.launches, 16);
    assert_int_equal(r.sample_size, 500);
    assert_int_equal(r.sampling, BENCH_SAMPLING_FLAT);
    assert_int_equal(r.timeout_ns, MILLISECONDS(30000));
    bench__cli_resolve(&r, &f->options, &own);
    assert_int_equal(r.launches, 5);
    assert_int_equal(r.sample_size, 7);
    assert_int_equal(r.sampling, BENCH_SAMPLING_LINEAR);
    assert_int_equal(r.warm_up_time_ns, 1);
    assert_int_equal(r.measurement_time_ns, 2);
    assert_int_equal(r.timeout_ns, 3);
    assert_true(r.confidence_level == 0.95);
    assert_int_equal(r.n_resamples, 100000);

    /* said by the user, even if it is the default's value or nothing at all */
    assert_int_equal(parse(f, "--launches 16 --warm-up-time 0 --sampling latency"), 0);
    bench__cli_resolve(&r, &f->options, &own);
    assert_int_equal(r.launches, 16);
    assert_int_equal(r.warm_up_time_ns, 0);
    assert_int_equal(r.sampling, BENCH_SAMPLING_LATENCY);
    assert_int_equal(r.measurement_time_ns, 2);
}

static void quick_is_a_preset(void **state) {
    struct fixture *f = *state;
    const bench_opts own = {.launches = 50};
    bench_resolved r;
    assert_int_equal(parse(f, "--quick --measurement-time 1s"), 0);
    bench__cli_resolve(&r, &f->options, &own);
    assert_int_equal(r.launches, 8);
    assert_int_equal(r.warm_up_time_ns, MILLISECONDS(60));
    assert_int_equal(r.measurement_time_ns, MILLISECONDS(1000));

    write_config(f, "launches = 32\n");
    assert_int_equal(parse(f, "--quick"), 0);
    assert_int_equal(f->options.launches, 8);
    assert_int_equal(f->options.measurement_time_ns, MILLISECONDS(240));
    setenv("BENCH_QUICK", "1", 1);
    assert_int_equal(parse(f, "--launches 20"), 0);
    assert_int_equal(f->options.launches, 20);
    assert_int_equal(f->options.warm_up_time_ns, MILLISECONDS(60));
    assert_int_equal(parse(f, "--quick=no"), 0);
    assert_int_equal(f->options.launches, 32);
}

/* ---- the line ---- */

static void arguments_and_options_mix(void **state) {
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
}

static void no_arguments_at_all(void **state) {
    struct fixture *f = *state;
    assert_int_equal(bench__cli_parse(&f->options, &bench__command_run, 0, NULL, &f->err), 0);
    assert_int_equal(f->options.launches, 16);
}

static void unknown_options_name_the_nearest(void **state) {
    struct fixture *f = *state;
    assert_refused(f, "--basline x", "unknown option '--basline'; did you mean --baseline?");
    assert_refused(f, "--baselin x",
                   "unknown option '--baselin'; did you mean --baseline or --baseline-lenient or "
                   "--baselines-dir?");
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
    struct fixture *f = *state;
    assert_refused(f, "--launches", "--launches needs a value: --launches N");
    assert_refused(f, "--save-baseline --quick",
                   "--save-baseline needs a value, and '--quick' looks like an option; write "
                   "--save-baseline=--quick if it is the value");
}

static void values_out_of_range(void **state) {
    struct fixture *f = *state;
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
    assert_refused(f, "--report=", "--report: a path is needed, not an empty text");
}

/* Whatever stands there is refused as a whole, in one short line. */
static void hostile_values(void **state) {
    static const char *const values[] = {
        "",          "x",        "1e99", "0x10",     "+5",
        "5x",        "nan",      "inf",  "-0.5",     "99999999999999999999999999",
        "1\x1b[31m", "\xff\xfe", "%s%n", "../../etc"};
    static const char *const names[] = {"launches", "timeout", "threshold",
                                        "seed",     "cpu",     "fail-on"};
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    assert_refused(f, "-q -v",
                   "--quiet and --verbose do not go together: one asks for less and one for more");
    assert_refused(f, "--save-baseline a --profile-time 10",
                   "--profile-time and --save-baseline do not go together: a run for a profiler "
                   "is not analysed and leaves baselines alone");
    assert_refused(f, "--test --save-baseline a",
                   "--test and --save-baseline do not go together: --test measures nothing");
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

/* ---- configuration files ---- */

static void assert_bad_file(struct fixture *f, const char *text, int line, const char *message) {
    char place[100];
    write_config(f, text);
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
    assert_string_equal(f->err.text, message);
    snprintf(place, sizeof place, "%s:%d", f->file, line);
    assert_string_equal(f->err.place, place);
}

static void bad_files(void **state) {
    struct fixture *f = *state;
    assert_bad_file(f, "# x\nlaunches 5\n", 2, "'launches 5' does not have the form name = value");
    assert_bad_file(f, "launches = 5\nlaunches = 6", 2, "'launches' is given twice");
    assert_bad_file(f, "config = other\n", 1, "'config' can only be given on the command line");
    assert_bad_file(f, "help = yes\n", 1, "'help' can only be given on the command line");
    assert_bad_file(f, "= 5\n", 1, "unknown option ''");
    assert_bad_file(f, "\n\ncpu =\n", 3,
                    "--cpu: '' is not an integer (k, M and G may follow the digits)");
}

static void files_that_cannot_be_read(void **state) {
    struct fixture *f = *state;
    assert_int_not_equal(parse(f, "--config /nonexistent/file"), 0);
    assert_non_null(strstr(f->err.place, "/nonexistent/file"));
    assert_int_not_equal(parse(f, "--config /tmp"), 0);
    assert_int_equal(bench__write_file_atomic(f->file, "a = \0\n", 6, NULL), 0);
    setenv("BENCH_CONFIG", f->file, 1);
    assert_int_equal(parse(f, ""), BENCH_EFORMAT);
    assert_string_equal(f->err.text, "not a text file: it holds a zero byte");
}

static void the_line_names_another_file(void **state) {
    struct fixture *f = *state;
    char words[100];
    write_config(f, "launches = 5\nreport = a#b # not part of it");
    setenv("BENCH_CONFIG", "/nonexistent/file", 1);
    snprintf(words, sizeof words, "--config %s", f->file);
    assert_int_equal(parse(f, words), 0);
    assert_int_equal(f->options.launches, 5);
    assert_string_equal(f->options.report, "a#b");
    assert_string_equal(f->options.config, f->file);
}

/* ---- other commands ---- */

static void commands_have_their_own_options(void **state) {
    struct fixture *f = *state;
    setenv("BENCH_LAUNCHES", "not looked at", 1);
    setenv("BENCH_CONFIG", "/nonexistent/file", 1);
    assert_int_equal(parse_as(f, &compare, "a b --threshold 3%"), 0);
    assert_true(f->options.threshold == 0.03);
    assert_int_equal(parse_as(f, &compare, "a b --launches 5"), BENCH_EINVAL);
    assert_int_equal(parse_as(f, &compare, "a"), BENCH_EINVAL);
    assert_string_equal(f->err.text, "'compare' needs OLD NEW");
    assert_int_equal(parse_as(f, &compare, "a b c"), BENCH_EINVAL);
    assert_string_equal(f->err.text, "unexpected argument 'c'");
    assert_int_equal(parse_as(f, &compare, "--help"), 0);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state) {
    struct fixture *f = *state;
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
        cmocka_unit_test(table_is_complete),
        cmocka_unit_test_setup_teardown(every_option_on_the_line, setup, teardown),
        cmocka_unit_test_setup_teardown(every_option_in_the_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(every_option_in_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(every_value_is_checked_in_every_source, setup, teardown),
        cmocka_unit_test_setup_teardown(defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(the_stronger_source_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_variable_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_can_be_switched_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_benchmarks_own_options, setup, teardown),
        cmocka_unit_test_setup_teardown(quick_is_a_preset, setup, teardown),
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
        cmocka_unit_test_setup_teardown(bad_files, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_names_another_file, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_have_their_own_options, setup, teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
