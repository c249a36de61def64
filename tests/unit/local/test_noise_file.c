/* Noise records in files: what is read back, what is refused and kept, and who may write. */
#include "noise_support.h"

#include "local/noise_file.h"

#include <sys/stat.h>
#include <sys/wait.h>

#define MACHINE "machine-0001"

struct place {
    char dir[64], path[128];
};

static int setup(void **state) {
    static struct place place;
    make_scratch(place.dir);
    snprintf(place.path, sizeof place.path, "%s/noise/" MACHINE ".json", place.dir);
    *state = &place;
    return 0;
}

static int teardown(void **state) {
    struct place *place = *state;
    remove_scratch(place->dir);
    assert_int_equal(bench__mem_live(), 0);
    return 0;
}

/* Adds the run of a day. */
static int add_day(struct bench__noise_record *record, void *context) {
    bench_run *run = run_of_day(*(const int *)context);
    size_t n;
    add_pattern(run, "f", 100 + *(const int *)context, 10);
    add_pattern(run, "g \"quoted\"", 7.25, 5);
    add_reading(run, 1);
    snprintf(run->executable_id, sizeof run->executable_id, "build");
    const int rc = bench__noise_add_run(record, run, &n);
    bench_run_free(run);
    return rc;
}

static void update(const struct place *place, int day) {
    bench_error note = {0}, err = {0};
    expect_ok(bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err), &err);
    assert_int_equal(note.code, 0);
}

static size_t n_runs_in(const struct place *place) {
    struct bench__noise_record record;
    bench_error err = {0};
    expect_ok(bench__noise_load(&record, place->dir, MACHINE, &err), &err);
    const struct bench__noise_benchmark *b = bench__noise_find(&record, "s/group/f");
    const size_t n = b != NULL ? b->n_runs : 0;
    bench__noise_clear(&record);
    return n;
}

static void put(const struct place *place, const char *text) {
    char directory[128];
    snprintf(directory, sizeof directory, "%s/noise", place->dir);
    assert_int_equal(bench__make_directories(directory, NULL), 0);
    spit(place->path, text);
}

/* ---- reading and writing --------------------------------------------------------------------- */

static void what_is_not_there_is_empty(void **state) {
    struct place *place = *state;
    struct bench__noise_record record;
    bench_error err = {0};
    expect_ok(bench__noise_load(&record, place->dir, MACHINE, &err), &err);
    assert_int_equal(record.n_benchmarks, 0);
    assert_string_equal(record.machine, MACHINE);
    bench__noise_clear(&record);
    expect_ok(bench__noise_load(&record, "/nowhere/at/all", MACHINE, &err), &err);
    bench__noise_clear(&record);
    assert_false(bench__file_exists(place->path)); /* reading makes nothing */
}

static void the_same_text_after_a_round_trip(void **state) {
    struct place *place = *state;
    struct bench__noise_record record;
    struct bench__strbuf text;
    bench_error err = {0};
    update(place, 3);
    update(place, 1);
    expect_ok(bench__noise_load(&record, place->dir, MACHINE, &err), &err);
    const bench_comparison c = {.name = "s/group/f",
                                .duel = {.n_floor_launches = 4, .floor_sd = 0.0125}};
    bench_comparison comparisons[] = {c};
    bench_run *run = run_of_day(4);
    const bench_outcome outcome = {.run = run, .n_comparisons = 1, .comparisons = comparisons};
    assert_int_equal(bench__noise_add_duels(&record, &outcome), 0);
    bench_run_free(run);
    bench__strbuf_init(&text);
    bench__noise_print(&text, &record);
    bench__noise_clear(&record);
    put(place, bench__strbuf_text(&text));
    expect_ok(bench__noise_load(&record, place->dir, MACHINE, &err), &err);
    const struct bench__noise_benchmark *b = bench__noise_find(&record, "s/group/f");
    assert_int_equal(b->n_runs, 2);
    assert_true(bench__noise_floor_sd(b) == 0.0125);
    assert_true(fabs(b->runs[0].time_ns - 101) < 1e-9 && fabs(b->runs[1].time_ns - 103) < 1e-9);
    struct bench__strbuf again;
    bench__strbuf_init(&again);
    bench__noise_print(&again, &record);
    assert_string_equal(bench__strbuf_text(&again), bench__strbuf_text(&text));
    bench__strbuf_clear(&again);
    bench__strbuf_clear(&text);
    bench__noise_clear(&record);
}

/* Files of tests/data/noise: what a version of the format looked like stays readable. */
static void stored_files_stay_readable(void **state) {
    static const struct {
        const char *name, *place;
    } invalid[] = {{"no-machine", "machine"},
                   {"time-zero", "runs.time_ns[1]"},
                   {"seed-number", "runs.seed[0]"},
                   {"floor-without-sd", "floors.sd[0]"}};
    struct place *place = *state;
    struct bench__noise_record record;
    bench_error err = {0};
    char *text = slurp(TEST_DATA_DIR "/noise/valid/two-runs/input.json");
    put(place, text);
    expect_ok(bench__noise_load(&record, place->dir, MACHINE, &err), &err);
    const struct bench__noise_benchmark *b = bench__noise_find(&record, "s/group/f");
    assert_true(b->n_runs == 2 && b->runs[0].executable == 0 && b->runs[1].executable == -1);
    assert_true(b->runs[1].key.seed == 3 && isnan(b->runs[1].launch_sd));
    assert_true(isnan(record.calibrations[1].ns[BENCH_KERNEL_L3]));
    struct bench__strbuf again;
    bench__strbuf_init(&again);
    bench__noise_print(&again, &record);
    assert_string_equal(bench__strbuf_text(&again), text);
    bench__strbuf_clear(&again);
    bench__noise_clear(&record);
    bench__free(text);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        char path[300];
        bench_error problem = {0};
        snprintf(path, sizeof path, TEST_DATA_DIR "/noise/invalid/%s/input.json", invalid[i].name);
        text = slurp(path);
        put(place, text);
        const int rc = bench__noise_load(&record, place->dir, MACHINE, &problem);
        expect_error(rc, BENCH_EFORMAT, &problem, invalid[i].place, "");
        bench__noise_clear(&record);
        bench__free(text);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

#define RUNS(more)                                                                                 \
    "{\"format_version\":1,\"machine\":\"" MACHINE "\",\"executables\":[\"a\"],"                   \
    "\"benchmarks\":[{\"name\":\"s/f\",\"runs\":{\"timestamp\":[\"2024-01-01T00:00:00Z\","         \
    "\"2024-01-02T00:00:00Z\"]," more "}}]}"

static const struct {
    const char *text, *place, *says;
} damaged[] = {
    {"", ":1", "is empty"},
    {"{\"format_version\":1,", ":1", "ends too early"},
    {"[]", ":1", "must be an object"},
    {"{}", "format_version", "is missing"},
    {"{\"format_version\":\"1\"}", "format_version", "must be"},
    {"{\"format_version\":1}", "machine", "must be"},
    {"{\"format_version\":1,\"machine\":\"other\",\"benchmarks\":[]}", "machine", "another"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\"}", "benchmarks", "must be an array"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[7]}", "benchmarks[0]",
     "must be an object"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[{\"name\":\"\"}]}",
     "benchmarks[0].name", "is empty"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[{\"name\":\"a\"}]}",
     "benchmarks[0].runs", "must be an object"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[],\"executables\":[1]}",
     "executables[0]", "must be"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[],\"calibrations\":[]}",
     "calibrations", "must be an object"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":["
     "{\"name\":\"b\",\"runs\":{\"timestamp\":[]}},{\"name\":\"b\",\"runs\":{\"timestamp\":[]}}]}",
     "benchmarks[1].name", "sorted"},
    {RUNS("\"time_ns\":[1]"), "runs.time_ns", "must have 2 elements"},
    {RUNS("\"time_ns\":[1,\"2\"]"), "runs.time_ns[1]", "must be a number"},
    {RUNS("\"time_ns\":[1,0]"), "runs.time_ns[1]", "must be above 0"},
    {RUNS("\"time_ns\":[1,null]"), "runs.time_ns[1]", "must be above 0"},
    {RUNS("\"time_ns\":[1,2],\"error\":[0,-1]"), "runs.error[1]", "must not be negative"},
    {RUNS("\"time_ns\":[1,2],\"executable\":[0,1]"), "runs.executable[1]", "names executable 1"},
    {RUNS("\"time_ns\":[1,2],\"executable\":[0,-1]"), "runs.executable[1]", "must"},
    {RUNS("\"time_ns\":[1,2]},\"floors\":{\"timestamp\":[\"2024-01-01T00:00:00Z\"]"), "floors.sd",
     "is missing"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[],\"calibrations\":"
     "{\"timestamp\":[\"2024-01-02T00:00:00Z\",\"2024-01-01T00:00:00Z\"]}}",
     "calibrations.timestamp[1]", "not later"},
    {"{\"format_version\":1,\"machine\":\"" MACHINE "\",\"benchmarks\":[],\"calibrations\":"
     "{\"timestamp\":[null]}}",
     "calibrations.timestamp[0]", "is missing"},
};

static void damage_is_named(void **state) {
    struct place *place = *state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct bench__noise_record record;
        bench_error err = {0};
        put(place, damaged[i].text);
        const int rc = bench__noise_load(&record, place->dir, MACHINE, &err);
        expect_error(rc, BENCH_EFORMAT, &err, damaged[i].place, damaged[i].says);
        assert_int_equal(record.n_benchmarks, 0);
        bench__noise_clear(&record);
    }
}

static void a_damaged_file_is_put_aside(void **state) {
    struct place *place = *state;
    char aside[160];
    for (int i = 1; i <= 3; i++) {
        int day = i;
        bench_error note = {0}, err = {0};
        put(place, damaged[i].text);
        expect_ok(bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err), &err);
        assert_int_equal(note.code, BENCH_EFORMAT);
        assert_non_null(strstr(note.text, "is kept as "));
        assert_non_null(strstr(note.text, damaged[i].says));
        snprintf(aside, sizeof aside, i == 1 ? "%s.damaged" : "%s.damaged-%d", place->path, i);
        char *kept = slurp(aside);
        assert_string_equal(kept, damaged[i].text);
        bench__free(kept);
        assert_int_equal(n_runs_in(place), 1);
    }
    for (int i = 4; i <= 9; i++) {
        snprintf(aside, sizeof aside, "%s.damaged-%d", place->path, i);
        spit(aside, "");
    }
    int day = 4;
    bench_error note = {0}, err = {0};
    put(place, "{");
    const int rc = bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err);
    expect_error(rc, BENCH_EIO, &err, MACHINE, "so are 9 before it");
    char *text = slurp(place->path);
    assert_string_equal(text, "{");
    bench__free(text);
}

static void a_newer_format_is_left_alone(void **state) {
    struct place *place = *state;
    static const char text[] = "{\"format_version\": 2, \"machine\": \"" MACHINE "\"}\n";
    struct bench__noise_record record;
    bench_error note = {0}, err = {0}, load_err = {0};
    int day = 1;
    put(place, text);
    assert_int_equal(bench__noise_load(&record, place->dir, MACHINE, &load_err), BENCH_EVERSION);
    bench__noise_clear(&record);
    const int rc = bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err);
    expect_error(rc, BENCH_EVERSION, &err, "format_version", "");
    assert_int_equal(note.code, 0);
    char *kept = slurp(place->path);
    assert_string_equal(kept, text);
    bench__free(kept);
}

/* ---- places ---------------------------------------------------------------------------------- */

static void a_place_that_cannot_be_written_is_an_error(void **state) {
    struct place *place = *state;
    char file[128], below[160];
    bench_error note = {0}, err = {0};
    int day = 1;
    snprintf(file, sizeof file, "%s/file", place->dir);
    snprintf(below, sizeof below, "%s/state", file);
    spit(file, "");
    int rc = bench__noise_update(below, MACHINE, add_day, &day, &note, &err);
    expect_error(rc, BENCH_EIO, &err, file, "cannot be created");
    err = (bench_error){0};
    rc = bench__noise_update("/proc/self/no", MACHINE, add_day, &day, &note, &err);
    assert_int_not_equal(rc, 0);
    assert_int_equal(note.code, 0);
    /* the record's place is taken by a directory */
    assert_int_equal(bench__make_directories(place->path, NULL), 0);
    err = (bench_error){0};
    assert_int_not_equal(bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err), 0);
    assert_true(err.code != 0 && strstr(err.place, MACHINE) != NULL);
}

static int vanish(struct bench__noise_record *record, void *context) {
    const struct place *place = context;
    char command[128];
    (void)record;
    snprintf(command, sizeof command, "rm -rf '%s/noise'", place->dir);
    assert_int_equal(system(command), 0);
    return 0;
}

static void a_directory_may_vanish(void **state) {
    struct place *place = *state;
    bench_error note = {0}, err = {0};
    update(place, 1);
    assert_int_not_equal(bench__noise_update(place->dir, MACHINE, vanish, place, &note, &err), 0);
    assert_true(err.code != 0);
    update(place, 2); /* and comes back with the next run */
    assert_int_equal(n_runs_in(place), 1);
}

static int refuse(struct bench__noise_record *record, void *context) {
    (void)record;
    (void)context;
    return BENCH_EINVAL;
}

static void a_change_that_fails_changes_nothing(void **state) {
    struct place *place = *state;
    bench_error note = {0}, err = {0};
    update(place, 1);
    char *before = slurp(place->path);
    assert_int_equal(bench__noise_update(place->dir, MACHINE, refuse, NULL, &note, &err),
                     BENCH_EINVAL);
    char *after = slurp(place->path);
    assert_string_equal(before, after);
    bench__free(before);
    bench__free(after);
}

/* ---- several at once ------------------------------------------------------------------------- */

static void all_of_several_writers_get_in(void **state) {
    enum { WRITERS = 4, EACH = 6 };
    struct place *place = *state;
    pid_t pids[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        assert_true(pids[w] >= 0);
        if (pids[w] == 0) {
            int failed = 0;
            for (int i = 0; i < EACH; i++) {
                int day = w * EACH + i;
                bench_error note = {0}, err = {0};
                failed |= bench__noise_update(place->dir, MACHINE, add_day, &day, &note, &err) != 0;
                failed |= note.code != 0;
            }
            _exit(failed);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int status = -1;
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(n_runs_in(place), WRITERS * EACH);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const struct place *shared_place;

static int nothing(struct bench__noise_record *record, void *context) {
    (void)record;
    (void)context;
    return 0;
}

static int rewrite(void) {
    bench_error note = {0}, err = {0};
    const int rc = bench__noise_update(shared_place->dir, MACHINE, nothing, NULL, &note, &err);
    assert_int_equal(note.code, 0); /* no memory is no damage */
    return rc;
}

static void every_allocation_may_fail(void **state) {
    shared_place = *state;
    update(shared_place, 1);
    update(shared_place, 2);
    char *before = slurp(shared_place->path);
    const char *path = shared_place->path;
    /* writing a file reports the lack of memory as its own error */
    const long live = bench__mem_live();
    int rc = -1;
    for (long n = 0; rc != 0; n++) {
        bench__mem_fail_after(n);
        rc = rewrite();
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), live);
        char *after = slurp(path);
        assert_string_equal(after, before);
        bench__free(after);
    }
    bench__free(before);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_there_is_empty),
        TEST(the_same_text_after_a_round_trip),
        TEST(stored_files_stay_readable),
        TEST(damage_is_named),
        TEST(a_damaged_file_is_put_aside),
        TEST(a_newer_format_is_left_alone),
        TEST(a_place_that_cannot_be_written_is_an_error),
        TEST(a_directory_may_vanish),
        TEST(a_change_that_fails_changes_nothing),
        TEST(all_of_several_writers_get_in),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
