/* Reading whole files, replacing them atomically under every failure that can be made, directories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Every test runs inside a fresh directory, which is removed afterwards. */
static char home[4096];

static int enter_directory(void **state) {
    (void)state;
    char directory[] = "/tmp/bench-fs-XXXXXX";
    umask(022);
    return getcwd(home, sizeof home) == NULL || mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static int leave_directory(void **state) {
    (void)state;
    char here[4096], command[4200];
    if (getcwd(here, sizeof here) == NULL || strncmp(here, "/tmp/bench-fs-", 14) != 0)
        return 1;
    snprintf(command, sizeof command, "rm -rf '%s'", here);
    return chdir(home) != 0 || system(command) != 0;
}

static void put(const char *path, const char *text) {
    assert_int_equal(bench__write_file_atomic(path, text, strlen(text), NULL), 0);
}

static void assert_content(const char *path, const char *expected) {
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, path, 0, NULL), 0);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(text, expected);
    bench__free(text);
}

static void assert_names(const char *directory, const char *expected) {
    char **names = NULL, joined[4096] = "";
    size_t n = 0;
    assert_int_equal(bench__list_directory(&names, &n, directory, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        strcat(joined, names[i]);
        strcat(joined, " ");
    }
    bench__free_names(names, n);
    assert_string_equal(joined, expected);
}

static void assert_error(const bench_error *err, int code, int sys_errno, const char *place) {
    assert_int_equal(err->code, code);
    assert_int_equal(err->sys_errno, sys_errno);
    assert_string_equal(err->place, place);
    assert_true(strlen(err->text) > 10);
}

/* --- reading --- */

static void contents_are_read_whole_and_terminated(void **state) {
    (void)state;
    static char big[100001];
    memset(big, 'x', sizeof big - 1);
    put("big", big);
    assert_content("big", big);
    put("empty", "");
    assert_content("empty", "");
    assert_int_equal(bench__write_file_atomic("nul", "a\0b", 3, NULL), 0);
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, "nul", 0, NULL), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(text, "a\0b", 4);
    bench__free(text);
}

static void files_that_claim_to_be_empty_are_read(void **state) {
    (void)state;
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, "/proc/self/status", 0, NULL), 0);
    assert_true(n > 100);
    assert_non_null(strstr(text, "Pid:"));
    assert_int_equal(strlen(text), n);
    bench__free(text);
}

static void the_limit_is_inclusive(void **state) {
    (void)state;
    put("five", "12345");
    char *text = NULL;
    size_t n = 0;
    bench_error err = {0};
    assert_int_equal(bench__read_file(&text, &n, "five", 5, &err), 0);
    bench__free(text);
    text = NULL;
    assert_int_equal(bench__read_file(&text, &n, "five", 4, &err), BENCH_EFORMAT);
    assert_error(&err, BENCH_EFORMAT, 0, "five");
    assert_string_equal(err.text, "is larger than the 4 bytes allowed");
    err = (bench_error){0}; /* the same where the size is not known beforehand */
    assert_int_equal(bench__read_file(&text, &n, "/proc/self/status", 10, &err), BENCH_EFORMAT);
    assert_int_equal(bench__read_file(&text, &n, "/dev/zero", 10000, &err), BENCH_EFORMAT);
    assert_null(text);
}

static void unreadable_things_are_explained(void **state) {
    (void)state;
    char *text = NULL;
    size_t n = 0;
    bench_error err = {0};
    assert_int_equal(bench__read_file(&text, &n, "none", 0, &err), BENCH_ENOTFOUND);
    assert_error(&err, BENCH_ENOTFOUND, ENOENT, "none");
    err = (bench_error){0};
    assert_int_equal(bench__read_file(&text, &n, ".", 0, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, EISDIR, ".");
    err = (bench_error){0};
    put("file", "");
    assert_int_equal(bench__read_file(&text, &n, "file/x", 0, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENOTDIR, "file/x");
    err = (bench_error){0};
    assert_int_equal(bench__read_file(&text, &n, "/proc/self/mem", 0, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, EIO, "/proc/self/mem"); /* opens, but address 0 is not mapped */
    assert_null(text);
}

static void an_earlier_error_is_left_alone(void **state) {
    (void)state;
    char *text = NULL;
    size_t n = 0;
    bench_error err = {.code = BENCH_EINVAL, .text = "earlier"};
    assert_int_equal(bench__read_file(&text, &n, "none", 0, &err), BENCH_ENOTFOUND);
    put("five", "12345");
    assert_int_equal(bench__read_file(&text, &n, "five", 4, &err), BENCH_EFORMAT);
    assert_int_equal(err.code, BENCH_EINVAL);
    assert_string_equal(err.text, "earlier");
    assert_string_equal(err.place, "");
}

/* A pipe whose writer speaks only after its reader was interrupted a few times. */
static int pipe_writer;
static volatile sig_atomic_t interruptions;

static void interrupt(int number) {
    (void)number;
    if (++interruptions != 5)
        return;
    ssize_t n = write(pipe_writer, "late", 4);
    (void)n; /* a lost write shows as a wrong content */
    close(pipe_writer);
}

static void interrupted_reads_go_on(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pipe_writer = ends[1];
    interruptions = 0;
    struct sigaction action = {.sa_handler = interrupt}, before;
    sigaction(SIGALRM, &action, &before);
    const struct itimerval ticking = {{0, 1000}, {0, 1000}}, still = {{0, 0}, {0, 0}};
    char path[64], *text = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    setitimer(ITIMER_REAL, &ticking, NULL);
    int rc = bench__read_file(&text, &n, path, 0, NULL);
    setitimer(ITIMER_REAL, &still, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_int_equal(rc, 0);
    assert_string_equal(text, "late");
    bench__free(text);
    close(ends[0]);
}

/* --- writing --- */

static void files_are_created_and_replaced(void **state) {
    (void)state;
    put("a", "one");
    assert_content("a", "one");
    int old = open("a", O_RDONLY);
    put("a", "two, longer");
    assert_content("a", "two, longer");
    char seen[16] = "";
    assert_int_equal(read(old, seen, sizeof seen), 3); /* who has the old one open keeps it whole */
    assert_string_equal(seen, "one");
    close(old);
    put("a", "");
    assert_content("a", "");
    char absolute[4200], here[4096];
    snprintf(absolute, sizeof absolute, "%s/b", getcwd(here, sizeof here));
    put(absolute, "three");
    assert_content("b", "three");
    assert_names(".", "a b ");
}

static mode_t mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void modes_follow_the_umask_or_the_old_file(void **state) {
    (void)state;
    put("a", "");
    assert_int_equal(mode_of("a"), 0644);
    umask(027);
    put("b", "");
    assert_int_equal(mode_of("b"), 0640);
    put("a", "again");
    assert_int_equal(mode_of("a"), 0644);
    assert_int_equal(chmod("a", 0600), 0);
    put("a", "secret");
    assert_int_equal(mode_of("a"), 0600);
    umask(022);
}

static void links_stay_links(void **state) {
    (void)state;
    assert_int_equal(mkdir("real", 0777), 0);
    put("real/file", "old");
    assert_int_equal(symlink("real/file", "link"), 0);
    put("link", "new");
    assert_content("real/file", "new");
    struct stat st;
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_names("real", "file ");
    assert_names(".", "link real ");
}

static void long_names_work(void **state) {
    (void)state;
    char name[257];
    memset(name, 'n', 256);
    name[255] = '\0';
    put(name, "fits");
    assert_content(name, "fits");
    assert_int_equal(unlink(name), 0);
    name[255] = 'n';
    name[256] = '\0';
    bench_error err = {0};
    assert_int_equal(bench__write_file_atomic(name, "x", 1, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENAMETOOLONG, name);
    assert_names(".", ""); /* the temporary was written, and is gone */
}

static void unwritable_places_are_explained(void **state) {
    (void)state;
    bench_error err = {0};
    assert_int_equal(bench__write_file_atomic("no/file", "x", 1, &err), BENCH_ENOTFOUND);
    assert_error(&err, BENCH_ENOTFOUND, ENOENT, "no/file");
    err = (bench_error){0};
    assert_int_equal(mkdir("directory", 0777), 0);
    assert_int_equal(bench__write_file_atomic("directory", "x", 1, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, EISDIR, "directory");
    err = (bench_error){0};
    assert_int_equal(bench__write_file_atomic("", "x", 1, &err), BENCH_ENOTFOUND);
    put("file", "");
    err = (bench_error){0};
    assert_int_equal(bench__write_file_atomic("file/x", "x", 1, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENOTDIR, "file/x");
    assert_names(".", "directory file ");
}

/* The kernel takes what fits below the limit, a short write, and then refuses. */
static void a_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    static char big[200000];
    memset(big, 'b', sizeof big);
    put("a", "old");
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bench_error err = {0};
    int rc = bench__write_file_atomic("a", big, sizeof big, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, BENCH_EIO);
    assert_error(&err, BENCH_EIO, EFBIG, "a");
    assert_content("a", "old");
    assert_names(".", "a ");
}

/* Stands for all that is not a regular file. Never a real device: were this broken, a run as root
 * would replace the machine's own. */
static void pipes_are_written_not_replaced(void **state) {
    (void)state;
    assert_int_equal(mkfifo("pipe", 0666), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    bench_error err = {0};
    assert_int_equal(bench__write_file_atomic("pipe", "through", 7, &err), 0);
    char seen[16] = "";
    assert_int_equal(read(reader, seen, sizeof seen), 7);
    assert_string_equal(seen, "through");
    close(reader);
    struct stat st;
    assert_int_equal(lstat("pipe", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
}

static void a_socket_cannot_be_written(void **state) {
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    bench_error err = {0};
    assert_int_equal(bench__write_file_atomic("socket", "x", 1, &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENXIO, "socket");
    assert_string_equal(err.text, "cannot be written: No such device or address");
    close(fd);
    assert_names(".", "socket ");
}

static int replace_a(void) {
    bench_error err = {0};
    int rc = bench__write_file_atomic("a", "new", 3, &err);
    assert_int_equal(err.code, rc);
    return rc;
}

static int read_a(void) {
    char *text = NULL;
    size_t n = 0;
    bench_error err = {0};
    int rc = bench__read_file(&text, &n, "a", 0, &err);
    assert_int_equal(err.code, rc);
    assert_int_equal(rc == 0, text != NULL);
    bench__free(text);
    return rc;
}

static int list_here(void) {
    char **names = NULL;
    size_t n = 0;
    int rc = bench__list_directory(&names, &n, ".", NULL);
    bench__free_names(names, n);
    return rc;
}

static int make_deep(void) {
    return bench__make_directories("x/y/z", NULL);
}

static int join_paths(void) {
    char *path = bench__path_join("a long enough directory", "and a name");
    bench__free(path);
    return path != NULL ? 0 : BENCH_ENOMEM;
}

static int find_sh(void) {
    char *path = bench__find_program("sh");
    bench__free(path);
    return path != NULL ? 0 : BENCH_ENOMEM;
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    put("a", "old");
    bench__mem_fail_after(1);
    assert_int_equal(replace_a(), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
    assert_content("a", "old");
    fail_every_allocation(replace_a);
    assert_names(".", "a ");
    assert_content("a", "new");
    fail_every_allocation(read_a);
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        put(name, "");
    }
    fail_every_allocation(list_here);
    fail_every_allocation(make_deep);
    fail_every_allocation(join_paths);
    fail_every_allocation(find_sh);
}

/* --- directories --- */

static void directories_are_made_on_the_way(void **state) {
    (void)state;
    assert_int_equal(bench__make_directories("a/b/c", NULL), 0);
    assert_true(bench__is_directory("a/b/c"));
    assert_int_equal(bench__make_directories("a/b/c", NULL), 0);
    assert_int_equal(bench__make_directories("d//e///", NULL), 0);
    assert_true(bench__is_directory("d/e"));
    assert_int_equal(bench__make_directories("/", NULL), 0);
    assert_int_equal(bench__make_directories(".", NULL), 0);
    char absolute[4200], here[4096];
    snprintf(absolute, sizeof absolute, "%s/f/g", getcwd(here, sizeof here));
    assert_int_equal(bench__make_directories(absolute, NULL), 0);
    assert_true(bench__is_directory("f/g"));
}

static void a_file_in_the_way_is_named(void **state) {
    (void)state;
    bench_error err = {0};
    put("file", "");
    assert_int_equal(bench__make_directories("file/a/b", &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENOTDIR, "file");
    err = (bench_error){0};
    assert_int_equal(bench__make_directories("", &err), BENCH_ENOTFOUND);
}

static void lists_are_sorted_and_complete(void **state) {
    (void)state;
    static const char *const names[] = {"b", "a", ".hidden", "B", "a.b", "10", "9"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i], "");
    assert_names(".", ".hidden 10 9 B a a.b b ");
    assert_int_equal(bench__make_directories("empty", NULL), 0);
    assert_names("empty", "");
    char **none = NULL;
    size_t n = 0;
    bench_error err = {0};
    assert_int_equal(bench__list_directory(&none, &n, "missing", &err), BENCH_ENOTFOUND);
    assert_error(&err, BENCH_ENOTFOUND, ENOENT, "missing");
    assert_null(none);
}

static void files_and_directories_are_told_apart(void **state) {
    (void)state;
    put("file", "");
    assert_int_equal(symlink("file", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_true(bench__file_exists("file") && !bench__is_directory("file"));
    assert_true(bench__file_exists("link"));
    assert_true(bench__file_exists("/dev/null"));
    assert_true(bench__is_directory(".") && !bench__file_exists("."));
    assert_false(bench__file_exists("dangling") || bench__is_directory("dangling"));
    assert_false(bench__file_exists("none") || bench__is_directory("none"));
}

/* --- names --- */

static void components_are_checked(void **state) {
    (void)state;
    char name[102];
    memset(name, 'x', 101);
    name[101] = '\0';
    assert_false(bench__is_safe_component(name));
    name[100] = '\0';
    assert_true(bench__is_safe_component(name));
    static const char *const good[] = {"main", "a b", "v1.2-x_y", "gr\xC3\xBC\xC3\x9F", "a..b"};
    static const char *const bad[] = {"",      ".",        "..",     ".x",    "-x",
                                      "a/b",   "/",        "a\nb",   "a\x7F", "\xC2\x85x",
                                      "x\xFF", "\xE2\x82", "\033[0m"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(bench__is_safe_component(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bench__is_safe_component(bad[i]));
}

static void assert_joined(const char *a, const char *b, const char *expected) {
    char *path = bench__path_join(a, b);
    assert_string_equal(path, expected);
    bench__free(path);
}

static void paths_are_joined_with_one_slash(void **state) {
    (void)state;
    assert_joined("a", "b", "a/b");
    assert_joined("a/", "b", "a/b");
    assert_joined("/", "b", "/b");
    assert_joined("", "b", "b");
}

static void assert_found(const char *name, const char *expected) {
    char *path = bench__find_program(name);
    if (expected == NULL)
        assert_null(path);
    else
        assert_string_equal(path, expected);
    bench__free(path);
}

static void programs_are_found_on_the_path(void **state) {
    (void)state;
    char *path = strdup(getenv("PATH"));
    assert_int_equal(
        bench__make_directories("one/tool", NULL) | bench__make_directories("two", NULL), 0);
    put("two/tool", "#!/bin/sh\n");
    put("plain", "");
    setenv("PATH", "missing:one:two", 1);
    assert_found("tool", NULL); /* a directory, and a file that is not executable */
    assert_int_equal(chmod("two/tool", 0755), 0);
    assert_found("tool", "two/tool");
    assert_found("two/tool", "two/tool");
    assert_found("./plain", NULL);
    assert_found("", NULL);
    assert_int_equal(chmod("plain", 0755), 0);
    assert_found("plain", NULL);
    setenv("PATH", "one:", 1); /* an empty part is the current directory */
    assert_found("plain", "./plain");
    unsetenv("PATH");
    char *sh = bench__find_program("sh");
    assert_non_null(sh);
    assert_int_equal(access(sh, X_OK), 0);
    bench__free(sh);
    setenv("PATH", path, 1);
    free(path);
}

static void one_at_a_time_has_the_lock(void **state) {
    (void)state;
    int fd = bench__lock_directory(".", NULL), other = open(".lock", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && other >= 0);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close(fd);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
}

static void what_cannot_be_locked_is_named(void **state) {
    bench_error err = {0};
    (void)state;
    put("file", "");
    assert_int_equal(bench__lock_directory("file", &err), BENCH_EIO);
    assert_string_equal(err.place, "file/.lock");
    assert_int_equal(err.sys_errno, ENOTDIR);
    assert_int_equal(bench__lock_directory("nothing", NULL), BENCH_ENOTFOUND);
    bench__mem_fail_after(0);
    assert_int_equal(bench__lock_directory(".", NULL), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(contents_are_read_whole_and_terminated),
        IN_DIRECTORY(files_that_claim_to_be_empty_are_read),
        IN_DIRECTORY(the_limit_is_inclusive),
        IN_DIRECTORY(unreadable_things_are_explained),
        IN_DIRECTORY(an_earlier_error_is_left_alone),
        IN_DIRECTORY(interrupted_reads_go_on),
        IN_DIRECTORY(files_are_created_and_replaced),
        IN_DIRECTORY(modes_follow_the_umask_or_the_old_file),
        IN_DIRECTORY(links_stay_links),
        IN_DIRECTORY(long_names_work),
        IN_DIRECTORY(unwritable_places_are_explained),
        IN_DIRECTORY(a_full_disk_leaves_the_old_file),
        IN_DIRECTORY(pipes_are_written_not_replaced),
        IN_DIRECTORY(a_socket_cannot_be_written),
        IN_DIRECTORY(every_failed_allocation_is_survived),
        IN_DIRECTORY(directories_are_made_on_the_way),
        IN_DIRECTORY(a_file_in_the_way_is_named),
        IN_DIRECTORY(lists_are_sorted_and_complete),
        IN_DIRECTORY(files_and_directories_are_told_apart),
        IN_DIRECTORY(components_are_checked),
        IN_DIRECTORY(paths_are_joined_with_one_slash),
        IN_DIRECTORY(programs_are_found_on_the_path),
        IN_DIRECTORY(one_at_a_time_has_the_lock),
        IN_DIRECTORY(what_cannot_be_locked_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
