/* The benchctl program from outside: its commands on files made here, what it prints and how it
 * exits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "measure/host.h"
#include "result/baseline.h"
#include "support/fixture_run.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    char dir[SCRATCH_SIZE];
    char *out, *errors; /* of the last command */
};

/* ---- helpers ---- */

static char *path_of(const struct world *w, const char *name) {
    char *path = bench__path_join(w->dir, name);
    assert_non_null(path);
    return path;
}

static char *file_text(const struct world *w, const char *name) {
    char *path = path_of(w, name), *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, path, 0, NULL), 0);
    bench__free(path);
    return text;
}

static void write_text(const struct world *w, const char *name, const char *text) {
    char *path = path_of(w, name);
    assert_int_equal(bench__write_file_atomic(path, text, strlen(text), NULL), 0);
    bench__free(path);
}

static int setup(void **state) {
    static struct world w;
    w = (struct world){{0}, NULL, NULL};
    scratch_make(w.dir);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    bench__free(w->out);
    bench__free(w->errors);
    scratch_remove(w->dir);
    return 0;
}

static void send_to(const char *path, int fd) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(127);
}

/* Runs benchctl inside the scratch directory. @return its exit code. */
static int run(struct world *w, const char *words) {
    struct scratch_line line;
    int status = 0;
    scratch_split(&line, BENCHCTL, words, w->dir);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(w->dir) != 0)
            _exit(127);
        unsetenv("GITHUB_STEP_SUMMARY");
        setenv("BENCH_CACHE_DIR", "cache", 1);
        send_to(".out", STDOUT_FILENO);
        send_to(".errors", STDERR_FILENO);
        execv(line.argv[0], line.argv);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    bench__free(w->out);
    bench__free(w->errors);
    w->out = file_text(w, ".out");
    w->errors = file_text(w, ".errors");
    return WEXITSTATUS(status);
}

static void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void save(const struct world *w, const bench_run *stored, const char *name) {
    char *path = path_of(w, name);
    assert_int_equal(bench_run_save(stored, path, 1, NULL), 0);
    bench__free(path);
}

static void save_baseline(const struct world *w, const bench_run *stored, const char *name) {
    char *dir = path_of(w, "baselines");
    size_t n_left_out;
    assert_int_equal(bench__baseline_save(stored, dir, name, &n_left_out, NULL), 0);
    bench__free(dir);
}

/* new.json and old.json, where some benchmarks differ; baselines "main" (old) and "branch" (new).
 */
static void store_runs(const struct world *w) {
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    save(w, f.run, "new.json");
    save(w, f.baseline, "old.json");
    save_baseline(w, f.baseline, "main");
    save_baseline(w, f.run, "branch");
    fixture_clear(&f);
}

/* ---- the program itself ---- */

static void usage(void **state) {
    struct world *w = *state;
    assert_int_equal(run(w, ""), 2);
    assert_holds(w->errors, "Usage: benchctl COMMAND");
    assert_int_equal(run(w, "--help"), 0);
    assert_holds(w->out, "baseline accept NAME");
    for (const char *p = w->out; *p != '\0'; p += strcspn(p, "\n") + 1)
        assert_true(strcspn(p, "\n") <= 80);
    assert_int_equal(run(w, "--version"), 0);
    assert_string_equal(w->out, "benchctl (libbench " BENCH_VERSION ")\n");
    assert_int_equal(run(w, "baseline accept --help"), 0);
    assert_holds(w->out, "Usage: benchctl baseline accept NAME [options]");
    assert_holds(w->out, "--reason TEXT");
}

static void mistakes(void **state) {
    struct world *w = *state;
    assert_int_equal(run(w, "compaer a b"), 2);
    assert_string_equal(w->errors, "benchctl: unknown command 'compaer'; did you mean compare?\n"
                                   "Try benchctl --help.\n");
    assert_int_equal(run(w, "baseline lst"), 2);
    assert_holds(w->errors, "did you mean baseline list?");
    assert_int_equal(run(w, "baseline"), 2);
    assert_int_equal(run(w, "compare a"), 2);
    assert_string_equal(w->errors, "benchctl compare: needs OLD NEW [FILTER...]\n");
    assert_int_equal(run(w, "compare a b --treshold 5%"), 2);
    assert_holds(w->errors, "did you mean --threshold?");
    assert_int_equal(run(w, "show nothing"), 2);
    assert_string_equal(w->errors,
                        "benchctl show: 'nothing' is no file, no directory, and no baseline in "
                        "baselines (benchctl baseline list shows them)\n");
}

/* ---- show and compare ---- */

static void show(void **state) {
    struct world *w = *state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALONE);
    save(w, f.run, "r.json");
    assert_int_equal(run(w, "show r.json"), 1); /* a benchmark of the fixture has crashed */
    assert_holds(w->out, "memory_usage");
    assert_string_equal(w->errors, "");
    assert_int_equal(run(w, "show r.json --output-format jsonl --out - --out copy.csv"), 1);
    assert_int_equal(w->out[0], '{');
    char *csv = file_text(w, "copy.csv");
    assert_holds(csv, "core_operations/uuid/format");
    bench__free(csv);
    write_text(w, "bad.json", "{\"format_version\": }");
    assert_int_equal(run(w, "show bad.json"), 2);
    assert_holds(w->errors, "bad.json");
    assert_string_equal(w->out, "");
    fixture_clear(&f);
}

static void compare(void **state) {
    struct world *w = *state;
    store_runs(w);
    assert_int_equal(run(w, "compare old.json new.json --fail-on none --output-format csv"), 1);
    char *by_file = bench__strdup(w->out);
    assert_holds(by_file, "core_operations/publish/inmemory/size=100,batch=100");
    assert_holds(by_file, "missing");
    assert_int_equal(run(w, "compare main ./new.json --fail-on none --output-format csv"), 1);
    assert_holds(w->out, "missing");
    assert_int_equal(run(w, "compare main branch --fail-on none"),
                     0); /* no crash is stored there */
    assert_holds(w->out, "size=100,batch=100");
    bench__free(by_file);
}

static void a_run_compared_with_itself(void **state) {
    struct world *w = *state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALL_PASS);
    save(w, f.run, "r.json");
    assert_int_equal(run(w, "compare r.json r.json --threshold 50%"), 0);
    assert_null(strstr(w->out, "Cause:"));
    fixture_clear(&f);
}

/* Two runs whose machines differ. */
static void init_two_machines(struct fixture *f) {
    fixture_init(f, FIXTURE_ALL_PASS);
    snprintf(f->baseline->host.cpu_model, sizeof f->baseline->host.cpu_model, "another CPU");
}

static void another_machine(void **state) {
    struct world *w = *state;
    struct fixture f;
    init_two_machines(&f);
    save(w, f.run, "new.json");
    save(w, f.baseline, "old.json");
    save_baseline(w, f.baseline, "main");
    assert_int_equal(run(w, "compare old.json new.json"), 5);
    assert_holds(w->out, "another CPU");
    assert_string_equal(w->errors, "");
    assert_int_equal(run(w, "compare main new.json"), 5); /* the only class there is */
    assert_holds(w->errors, "note: the baseline 'main' has nothing for this machine");
    save_baseline(w, f.run, "main");
    assert_int_equal(run(w, "compare main new.json --threshold 50%"), 0); /* now there is its own */
    assert_int_equal(run(w, "compare new.json main --threshold 50%"), 0);
    assert_int_equal(run(w, "show main"), 2);
    assert_holds(w->errors, "is of several machine classes (");
    assert_holds(w->errors, "name a directory, baselines/main/CLASS");
    fixture_clear(&f);
}

/* The files of a class are one run again. */
static void directories(void **state) {
    struct world *w = *state;
    struct fixture f;
    char machine[64], words[200];
    fixture_init(&f, FIXTURE_ALL_PASS);
    bench__host_class(&f.run->host, machine);
    save_baseline(w, f.run, "main");
    snprintf(words, sizeof words, "show baselines/main/%s --output-format csv", machine);
    int code = run(w, words);
    char *by_directory = bench__strdup(w->out);
    assert_holds(by_directory, "core_operations/");
    assert_holds(by_directory, "memory_usage/");
    assert_int_equal(run(w, "show main --output-format csv"), code);
    assert_string_equal(w->out, by_directory);
    bench__free(by_directory);

    write_text(w, "notes.txt", "x");
    assert_int_equal(run(w, "show ."), 2);
    assert_holds(w->errors, "there are no .json files in this directory");
    save(w, f.run, "a.json");
    save(w, f.run, "b.json");
    assert_int_equal(run(w, "show ."), 2);
    assert_holds(w->errors, "is there twice");
    fixture_clear(&f);
}

static void files_of_two_machines_are_not_one_run(void **state) {
    struct world *w = *state;
    struct fixture f;
    init_two_machines(&f);
    save(w, f.run, "a.json");
    save(w, f.baseline, "b.json");
    assert_int_equal(run(w, "show ."), 2);
    assert_holds(w->errors, "b.json: not of the same machine and build as the files before it");
    fixture_clear(&f);
}

/* ---- baselines ---- */

static void baseline_list(void **state) {
    struct world *w = *state;
    assert_int_equal(run(w, "baseline list"), 0);
    assert_string_equal(w->out, "There are no baselines in baselines.\n");
    store_runs(w);
    assert_int_equal(run(w, "baseline list"), 0);
    assert_holds(w->out, "machine");
    assert_holds(w->out, "branch  ");
    assert_holds(w->out, "memory_usage");
}

/* Of what is kept, of what is not, of what did not say, and of what cannot be read. */
static void baseline_list_says_whose_executable_is_here(void **state) {
    struct world *w = *state;
    struct fixture f;
    char machine[64], name[200];
    fixture_init(&f, FIXTURE_ALONE);
    save_baseline(w, f.run, "older");
    memset(f.run->executable_id, 'a', 32);
    save_baseline(w, f.run, "gone");
    memset(f.run->executable_id, 'b', 32);
    save_baseline(w, f.run, "here");
    bench__host_class(&f.run->host, machine);
    snprintf(name, sizeof name, "baselines/older/%s/broken.json", machine);
    write_text(w, name, "{");
    char *path = path_of(w, "cache/executables");
    assert_int_equal(bench__make_directories(path, NULL), 0);
    bench__free(path);
    write_text(w, "cache/executables/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "program");
    assert_int_equal(run(w, "baseline list"), 0);
    static const char *const cells[][2] = {{"\ngone ", "  not kept\n"},
                                           {"\nhere ", "  kept\n"},
                                           {"\nolder ", "  unreadable\n"},
                                           {"  core_operations ", "  not known\n"}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const char *line = strstr(w->out, cells[i][0]);
        if (i == 3) {
            line = strstr(strstr(w->out, "\nolder "), cells[i][0]);
        }
        assert_non_null(line);
        const char *end = strchr(line + 1, '\n');
        assert_memory_equal(end + 1 - strlen(cells[i][1]), cells[i][1], strlen(cells[i][1]));
    }
    fixture_clear(&f);
}

static void baseline_cache_and_prune(void **state) {
    struct world *w = *state;
    assert_int_equal(run(w, "baseline cache"), 0);
    assert_string_equal(w->out, "0 executables, 0 B of 512 MiB, in cache/executables\n");
    assert_int_equal(run(w, "baseline prune"), 0);
    assert_string_equal(w->out, "Removed 0 executables (0 B); 0 left (0 B).\n");
    char *path = path_of(w, "cache/executables");
    assert_int_equal(bench__make_directories(path, NULL), 0);
    bench__free(path);
    write_text(w, "cache/executables/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "12345");
    write_text(w, "cache/executables/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json",
               "{\"format_version\": 1, \"program\": \"bench\", \"baselines\": [\"x\", \"y\"], "
               "\"git_commit\": \"0123456789abcdef\"}");
    write_text(w, "cache/executables/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "123");
    assert_int_equal(run(w, "baseline cache --cache-size 1KiB"), 0);
    assert_holds(w->out, "\nbench    x, y      0123456789ab  ");
    assert_holds(w->out, "  5 B  aaaaaaaaaaaa\n");
    assert_holds(w->out, "\n-        -         -             ");
    assert_holds(w->out, "\n2 executables, 8 B of 1.00 KiB, in cache/executables\n");
    assert_int_equal(run(w, "baseline prune --cache-size 0"), 0);
    assert_string_equal(w->out, "Removed 2 executables (8 B); 0 left (0 B).\n");
    assert_int_equal(run(w, "baseline prune --cache-size some"), 2);
    assert_holds(w->errors, "'some' is not a size");
    write_text(w, "cache/executables/cccccccccccccccccccccccccccccccc", "1");
    path = path_of(w, "cache/executables/cccccccccccccccccccccccccccccccc.json/x");
    assert_int_equal(bench__make_directories(path, NULL), 0);
    bench__free(path);
    assert_int_equal(run(w, "baseline prune --cache-size 0"), 2);
    assert_holds(w->errors, "cannot be removed");
}

static void baseline_check(void **state) {
    struct world *w = *state;
    struct fixture f;
    char machine[64], name[200];
    fixture_init(&f, FIXTURE_ALL_PASS);
    bench__host_class(&f.run->host, machine);
    save_baseline(w, f.run, "main");
    assert_int_equal(run(w, "baseline check"), 0);
    assert_string_equal(w->out, "2 baseline files, 0 problems\n");

    snprintf(name, sizeof name, "baselines/main/%s/other.json", machine);
    save(w, f.run, name);
    assert_int_equal(run(w, "baseline check"), 2);
    assert_holds(w->out, "does not belong to suite 'other'");
    write_text(w, name, "{}");
    write_text(w, "baselines/gates.json", "{\"no_such_field\": 1}");
    assert_int_equal(run(w, "baseline check"), 2);
    assert_holds(w->out, "gates.json");
    assert_holds(w->out, "3 baseline files, 2 problems\n");
    fixture_clear(&f);
}

static void baseline_accept(void **state) {
    struct world *w = *state;
    store_runs(w);
    assert_int_equal(run(w, "baseline accept main --from new.json"), 2);
    assert_holds(w->errors, "--reason is needed");
    assert_int_equal(run(w, "baseline accept main --reason because"), 2);
    assert_holds(w->errors, "--from is needed");
    assert_int_equal(run(w, "baseline accept ../x --reason because --from new.json"), 2);
    assert_int_equal(run(w, "baseline accept main --reason because --from none.json"), 2);
    char *path = path_of(w, "baselines/main/ACCEPTED.md");
    assert_false(bench__file_exists(path));
    bench__free(path);

    assert_int_equal(run(w, "baseline accept main --reason=checks_the_CRC --from new.json"), 0);
    assert_holds(w->out, " benchmarks as baseline main.\n");
    assert_int_equal(run(w, "baseline accept main --reason=again --from new.json"), 0);
    char *text = file_text(w, "baselines/main/ACCEPTED.md");
    assert_memory_equal(text, "# Why baseline main is what it is\n\n- ", 37);
    assert_holds(text, ": checks_the_CRC\n- "); /* the oldest first */
    assert_holds(text, ": again\n");
    bench__free(text);
    assert_int_equal(run(w, "baseline check"), 0); /* the note does not disturb the baselines */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(usage, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes, setup, teardown),
        cmocka_unit_test_setup_teardown(show, setup, teardown),
        cmocka_unit_test_setup_teardown(compare, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_compared_with_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(another_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(directories, setup, teardown),
        cmocka_unit_test_setup_teardown(files_of_two_machines_are_not_one_run, setup, teardown),
        cmocka_unit_test_setup_teardown(baseline_list, setup, teardown),
        cmocka_unit_test_setup_teardown(baseline_list_says_whose_executable_is_here, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(baseline_cache_and_prune, setup, teardown),
        cmocka_unit_test_setup_teardown(baseline_check, setup, teardown),
        cmocka_unit_test_setup_teardown(baseline_accept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
