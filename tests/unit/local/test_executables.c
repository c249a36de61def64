/* The cache of executables: what is kept is found whole, with a note; several processes at once;
 * and without memory. */
#include "executables_support.h"

#include "../base/alloc_failure.h"
#include "local/executable_note.h"

#include <sys/wait.h>

/* ---- ids ---- */

static void ids_follow_the_content(void **state) {
    char a[BENCH__EXECUTABLE_ID_SIZE], b[BENCH__EXECUTABLE_ID_SIZE], c[BENCH__EXECUTABLE_ID_SIZE];
    int64_t bytes = -1;
    (void)state;
    assert_int_equal(bench__executable_id(a, &bytes, make('a', 700), NULL), 0);
    assert_int_equal(bytes, 700 * KIB);
    id_of(b, make('a', 701));
    id_of(c, make('b', 700));
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, c);
    assert_memory_not_equal(a, c, 16); /* neither half alone */
    assert_memory_not_equal(a + 16, c + 16, 16);
    id_of(b, make('c', 0));
    assert_memory_equal(b, "ef46db3751d8e999", 16);
    id_of(c, "/proc/self/exe");
}

static void what_has_no_content_has_no_id(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error err = {0};
    (void)state;
    assert_refused(bench__executable_id(id, NULL, at("none"), &err), BENCH_ENOTFOUND, &err, "none",
                   "cannot be opened");
    err = (bench_error){0};
    assert_refused(bench__executable_id(id, NULL, dir, &err), BENCH_EINVAL, &err, dir,
                   "is not a regular file");
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    assert_int_equal(bench__executable_id(id, NULL, at("pipe"), NULL), BENCH_EINVAL);
}

/* ---- keeping and finding ---- */

static void what_is_kept_is_found_whole(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE], found[BENCH__EXECUTABLE_ID_SIZE], *path = NULL;
    struct stat status;
    (void)state;
    keep(id, make('a', 600), ALL);
    unlink(at("a"));
    assert_int_equal(bench__executables_find(&path, id, NULL), 0);
    id_of(found, path);
    assert_string_equal(found, id);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    assert_no_remains();
    bench__free(path);
}

static void a_program_runs_from_there(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE], *path = NULL;
    (void)state;
    keep(id, "/bin/true", ALL);
    assert_int_equal(chmod(in_cache(id, ""), 0644), 0); /* as from a backup */
    assert_int_equal(bench__executables_find(&path, id, NULL), 0);
    const pid_t child = fork();
    if (child == 0) {
        execl(path, path, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    bench__free(path);
}

static void what_is_not_there_is_not_found(void **state) {
    static const char *const ids[] = {"", "../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF",
                                      "0123456789abcdef0123456789abcdef0"};
    bench_error err = {0};
    char *path = NULL;
    (void)state;
    assert_refused(bench__executables_find(&path, "0123456789abcdef0123456789abcdef", &err),
                   BENCH_ENOTFOUND, &err, "", "is not kept on this machine");
    assert_false(bench__is_directory(at("cache"))); /* looking makes nothing */
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        err = (bench_error){0};
        assert_refused(bench__executables_find(&path, ids[i], &err), BENCH_ENOTFOUND, &err, "",
                       "not known which one");
        assert_null(path);
    }
    assert_int_equal(bench__executables_keep(make('a', 1), "../x", ALL,
                                             &(struct bench__executable_origin){0}, NULL),
                     BENCH_EINVAL);
}

static void a_damaged_copy_is_removed(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE], *path = NULL;
    bench_error err = {0};
    (void)state;
    keep(id, make('a', 2), ALL);
    put(in_cache(id, ""), "something else");
    assert_refused(bench__executables_find(&path, id, &err), BENCH_ENOTFOUND, &err, "",
                   "not kept on this machine any more: its copy was damaged");
    assert_false(bench__file_exists(in_cache(id, "")));
    assert_false(bench__file_exists(in_cache(id, ".json")));
    keep(id, at("a"), ALL);
    assert_int_equal(truncate(in_cache(id, ""), 100), 0);
    keep(id, at("a"), ALL); /* keeping it again mends it */
    assert_true(is_found(id));
}

static void finding_is_a_use(void **state) {
    char a[BENCH__EXECUTABLE_ID_SIZE], b[BENCH__EXECUTABLE_ID_SIZE];
    struct bench__kept_executable *entries;
    size_t n;
    (void)state;
    keep(a, make('a', 1), ALL);
    keep(b, make('b', 1), ALL);
    used_at(a, 1000);
    used_at(b, 2000);
    assert_true(is_found(a));
    assert_int_equal(bench__executables_list(&entries, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_string_equal(entries[0].id, a);
    assert_true(entries[0].used_at_ns > entries[1].used_at_ns);
    assert_true(entries[1].used_at_ns == INT64_C(2000000000000));
    bench__executables_list_free(entries, n);
}

/* ---- notes ---- */

static void the_note_says_for_whom(void **state) {
    const struct bench__executable_origin again = {.baseline = "release", .program = "other"};
    char id[BENCH__EXECUTABLE_ID_SIZE];
    struct bench__kept_executable *entries;
    size_t n;
    (void)state;
    keep(id, make('a', 3), ALL);
    assert_int_equal(bench__executables_keep(at("a"), id, ALL, &again, NULL), 0);
    keep(id, at("a"), ALL);
    assert_int_equal(bench__executables_list(&entries, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_string_equal(entries[0].baselines, "main, release");
    assert_string_equal(entries[0].program, "bench");
    assert_string_equal(entries[0].git_commit, "c0ffee");
    assert_int_equal(strlen(entries[0].kept_at), 20);
    assert_int_equal(entries[0].bytes, 3 * KIB);
    bench__executables_list_free(entries, n);
    char *text = NULL;
    size_t length;
    assert_int_equal(bench__read_file(&text, &length, in_cache(id, ".json"), 0, NULL), 0);
    assert_null(strstr(text, dir)); /* no path of this machine */
    bench__free(text);
}

static void a_note_that_makes_no_sense_says_nothing(void **state) {
    static const char *const notes[] = {
        "",
        "{",
        "[]",
        "{\"format_version\": 2}",
        "{\"format_version\": 1, \"program\": 7}",
        "{\"format_version\": 1, \"program\": \"x\", \"baselines\": [\"a\", \"\\u001b\"]}"};
    char id[BENCH__EXECUTABLE_ID_SIZE];
    (void)state;
    keep(id, make('a', 1), ALL);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct bench__kept_executable *entries;
        size_t n;
        put(in_cache(id, ".json"), notes[i]);
        assert_int_equal(bench__executables_list(&entries, &n, NULL), 0);
        assert_int_equal(n, 1);
        assert_null(entries[0].program);
        assert_null(entries[0].baselines);
        assert_string_equal(entries[0].kept_at, "");
        bench__executables_list_free(entries, n);
    }
    keep(id, at("a"), ALL); /* and is written anew */
    struct bench__executable_note note;
    assert_int_equal(bench__executable_note_load(&note, in_cache(id, ".json")), 0);
    assert_string_equal(note.program, "bench");
    assert_int_equal(note.n_baselines, 1);
    bench__executable_note_clear(&note);
}

static void the_oldest_of_many_names_goes(void **state) {
    struct bench__executable_note note = {0};
    char name[8];
    (void)state;
    for (int i = 0; i < BENCH__NOTE_MAX_BASELINES + 2; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(bench__executable_note_add_baseline(&note, name), 0);
    }
    assert_int_equal(note.n_baselines, BENCH__NOTE_MAX_BASELINES);
    assert_string_equal(note.baselines[0], "n2");
    assert_string_equal(note.baselines[BENCH__NOTE_MAX_BASELINES - 1], "n17");
    bench__executable_note_clear(&note);
}

/* ---- two at once ---- */

/* Four processes keep and remove the same few; each finds afterwards what nobody may remove. */
static void several_at_once(void **state) {
    enum { N = 4, TIMES = 15 };
    char id[N][BENCH__EXECUTABLE_ID_SIZE];
    pid_t children[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        id_of(id[i], make((char)('a' + i), 20));
    }
    for (int i = 0; i < N; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int failed = 0;
            for (int k = 0; k < TIMES; k++) {
                const char name[] = {(char)('a' + (i + k) % N), '\0'};
                char *path = NULL;
                bench_error err = {0};
                failed |= try_keep(at(name), 45 * KIB, NULL) != 0; /* two have room */
                const int rc = bench__executables_find(&path, id[(i + k) % N], &err);
                failed |= rc != 0 && strstr(err.text, "damaged") != NULL;
                failed |= rc != 0 && rc != BENCH_ENOTFOUND;
                bench__free(path);
            }
            _exit(failed);
        }
    }
    for (int i = 0; i < N; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(n_listed(), 2);
    assert_no_remains();
}

/* ---- without memory ---- */

static int everything(void) {
    const struct bench__executable_origin origin = {
        .baseline = "main", .git_commit = "c0ffee", .program = "bench"};
    struct bench__kept_executable *entries = NULL;
    struct bench__pruned pruned;
    char id[BENCH__EXECUTABLE_ID_SIZE], *path = NULL;
    size_t n = 0;
    int rc = bench__executable_id(id, NULL, at("a"), NULL);
    rc = rc == 0 ? bench__executables_keep(at("a"), id, 5 * KIB, &origin, NULL) : rc;
    rc = rc == 0 ? bench__executables_find(&path, id, NULL) : rc;
    rc = rc == 0 ? bench__executables_list(&entries, &n, NULL) : rc;
    rc = rc == 0 ? bench__executables_prune(0, &pruned, NULL) : rc;
    bench__executables_list_free(entries, n);
    bench__free(path);
    return rc;
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    make('a', 1);
    fail_every_allocation(everything);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(ids_follow_the_content),
        IN_SCRATCH(what_has_no_content_has_no_id),
        IN_SCRATCH(what_is_kept_is_found_whole),
        IN_SCRATCH(a_program_runs_from_there),
        IN_SCRATCH(what_is_not_there_is_not_found),
        IN_SCRATCH(a_damaged_copy_is_removed),
        IN_SCRATCH(finding_is_a_use),
        IN_SCRATCH(the_note_says_for_whom),
        IN_SCRATCH(a_note_that_makes_no_sense_says_nothing),
        IN_SCRATCH(the_oldest_of_many_names_goes),
        IN_SCRATCH(several_at_once),
        IN_SCRATCH(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
