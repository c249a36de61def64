/* Reading whole files, and replacing them atomically under every failure that can be made. */
#include "fs_support.h"

#include "alloc_failure.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
