/* Where a value comes from: every option through the command line, the environment and a file;
 * defaults, precedence, a benchmark's own options. */
#include "parsing.h"

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
    case BENCH__KIND_SIZE:
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

static void assert_example(const struct parsing *f, enum bench__option_id id,
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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
    struct parsing *f = *state;
    setenv("BENCH_LAUNCHES", "", 1);
    setenv("BENCH_SAVE_BASELINE", "", 1);
    setenv("BENCH_CONFIG", "", 1);
    assert_int_equal(parse(f, ""), 0);
    assert_false(bench__cli_given(&f->options, BENCH__OPT_LAUNCHES));
    assert_null(f->options.save_baseline);
}

static void flags_can_be_switched_off(void **state) {
    struct parsing *f = *state;
    setenv("BENCH_QUIET", "TRUE", 1);
    assert_int_equal(parse(f, "--quiet=no -v"), 0);
    assert_false(f->options.quiet);
    assert_true(f->options.verbose);
}

static void a_benchmarks_own_options(void **state) {
    struct parsing *f = *state;
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
    struct parsing *f = *state;
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

/* ---- configuration files ---- */

static void assert_bad_file(struct parsing *f, const char *text, int line, const char *message) {
    char place[100];
    write_config(f, text);
    assert_int_equal(parse(f, ""), BENCH_EINVAL);
    assert_string_equal(f->err.text, message);
    snprintf(place, sizeof place, "%s:%d", f->file, line);
    assert_string_equal(f->err.place, place);
}

static void bad_files(void **state) {
    struct parsing *f = *state;
    assert_bad_file(f, "# x\nlaunches 5\n", 2, "'launches 5' does not have the form name = value");
    assert_bad_file(f, "launches = 5\nlaunches = 6", 2, "'launches' is given twice");
    assert_bad_file(f, "config = other\n", 1, "'config' can only be given on the command line");
    assert_bad_file(f, "help = yes\n", 1, "'help' can only be given on the command line");
    assert_bad_file(f, "= 5\n", 1, "unknown option ''");
    assert_bad_file(f, "\n\ncpu =\n", 3,
                    "--cpu: '' is not an integer (k, M and G may follow the digits)");
}

static void files_that_cannot_be_read(void **state) {
    struct parsing *f = *state;
    assert_int_not_equal(parse(f, "--config /nonexistent/file"), 0);
    assert_non_null(strstr(f->err.place, "/nonexistent/file"));
    assert_int_not_equal(parse(f, "--config /tmp"), 0);
    assert_int_equal(bench__write_file_atomic(f->file, "a = \0\n", 6, NULL), 0);
    setenv("BENCH_CONFIG", f->file, 1);
    assert_int_equal(parse(f, ""), BENCH_EFORMAT);
    assert_string_equal(f->err.text, "not a text file: it holds a zero byte");
}

static void the_line_names_another_file(void **state) {
    struct parsing *f = *state;
    char words[100];
    write_config(f, "launches = 5\nreport = a#b # not part of it");
    setenv("BENCH_CONFIG", "/nonexistent/file", 1);
    snprintf(words, sizeof words, "--config %s", f->file);
    assert_int_equal(parse(f, words), 0);
    assert_int_equal(f->options.launches, 5);
    assert_string_equal(f->options.report, "a#b");
    assert_string_equal(f->options.config, f->file);
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
        cmocka_unit_test_setup_teardown(bad_files, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_names_another_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
