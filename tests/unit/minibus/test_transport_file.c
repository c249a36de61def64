/* The journal against what happens to files: cut short, damaged, no room on the disk. Whatever was
 * confirmed is found again, or the journal is refused in words that name the place. */
#include "transport_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"

enum { N_RECORDS = 3, PAYLOAD_SIZE = 20, URL_SIZE = SCRATCH_SIZE + 48 };

struct journal {
    char dir[SCRATCH_SIZE], path[SCRATCH_SIZE + 16];
    char url[URL_SIZE]; /* to be read from its start */
    size_t ends[N_RECORDS + 1];
    unsigned char bytes[1024];
};

static size_t size_of(const char *path) {
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    return (size_t)s.st_size;
}

static void write_file(const char *path, const void *bytes, size_t size) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

/* A journal of N_RECORDS messages; its bytes, and where each record ends. */
static int set_up(void **state) {
    static struct journal j;
    memset(&j, 0, sizeof j);
    scratch_make(j.dir);
    snprintf(j.path, sizeof j.path, "%s/journal", j.dir);
    snprintf(j.url, sizeof j.url, "file:%s?sync=none&from=start", j.path);
    mb_transport *t = open_transport(j.url);
    for (int i = 0; i < N_RECORDS; i++) {
        send_numbered(t, "t", (uint64_t)i + 1, 1, PAYLOAD_SIZE, MB_CONFIRMED);
        j.ends[i + 1] = size_of(j.path);
    }
    mb_transport_close(t);
    assert_true(j.ends[N_RECORDS] <= sizeof j.bytes);
    const int fd = open(j.path, O_RDONLY);
    assert_int_equal(read(fd, j.bytes, sizeof j.bytes), j.ends[N_RECORDS]);
    close(fd);
    *state = &j;
    return 0;
}

static int tear_down(void **state) {
    const struct journal *j = *state;
    scratch_remove(j->dir);
    return 0;
}

static void expect_nothing(mb_transport *t) {
    mb_message *m = NULL;
    mb_error error = {0};
    expect_error(mb_transport_receive(&m, t, 0, &error), &error, MB_ETIMEOUT, "nothing");
}

static void test_from_the_start_or_the_end(void **state) {
    const struct journal *j = *state;
    char url[URL_SIZE];
    snprintf(url, sizeof url, "file:%s?sync=none", j->path);
    mb_transport *all = open_transport(j->url), *rest = open_transport(url);
    subscribe_to(all, "t");
    subscribe_to(rest, "t");
    expect_numbered(all, 1, N_RECORDS, PAYLOAD_SIZE);
    expect_nothing(all);
    expect_nothing(rest);
    send_numbered(rest, "t", 9, 1, PAYLOAD_SIZE, MB_CONFIRMED);
    expect_numbered(all, 9, 1, PAYLOAD_SIZE);
    expect_numbered(rest, 9, 1, PAYLOAD_SIZE);
    mb_transport_close(all);
    mb_transport_close(rest);
    snprintf(url, sizeof url, "file:%s?from=middle", j->path);
    expect_no_open(url, MB_EINVAL, "use end or start");
}

/* Its writer died: what was whole is there, and the journal goes on behind it. */
static void test_a_journal_cut_short_at_every_byte(void **state) {
    const struct journal *j = *state;
    for (size_t size = 0; size <= j->ends[N_RECORDS]; size++) {
        size_t n_whole = N_RECORDS;
        while (j->ends[n_whole] > size) {
            n_whole--;
        }
        write_file(j->path, j->bytes, size);
        mb_transport *t = open_transport(j->url);
        assert_int_equal(size_of(j->path), j->ends[n_whole]);
        subscribe_to(t, "t");
        expect_numbered(t, 1, n_whole, PAYLOAD_SIZE);
        expect_nothing(t);
        send_numbered(t, "t", 7, 1, PAYLOAD_SIZE, MB_CONFIRMED);
        expect_numbered(t, 7, 1, PAYLOAD_SIZE);
        mb_transport_close(t);
    }
}

/* No damage to a single byte is taken for a journal that was cut short: nothing is removed. */
static void test_a_journal_with_every_byte_damaged(void **state) {
    const struct journal *j = *state;
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    const size_t size = j->ends[N_RECORDS];
    for (size_t i = 0; i < sizeof flips * size; i++) {
        const size_t at = i / sizeof flips;
        unsigned char bytes[sizeof j->bytes];
        char place[48];
        size_t record = N_RECORDS - 1;
        while (j->ends[record] > at) {
            record--;
        }
        snprintf(place, sizeof place, "a damaged record at byte %zu", j->ends[record]);
        memcpy(bytes, j->bytes, size);
        bytes[at] ^= flips[i % sizeof flips];
        write_file(j->path, bytes, size);
        expect_no_open(j->url, MB_EFORMAT, place);
        assert_int_equal(size_of(j->path), size);
    }
    static const char text[] = "Dear diary, this is no journal of messages at all";
    write_file(j->path, text, sizeof text - 1);
    expect_no_open(j->url, MB_EFORMAT, "at byte 0");
    assert_int_equal(size_of(j->path), sizeof text - 1);
}

/* While somebody has it open, half a record may be one that is being written. */
static void test_only_the_first_repairs(void **state) {
    const struct journal *j = *state;
    mb_transport *first = open_transport(j->url);
    assert_int_equal(truncate(j->path, (off_t)j->ends[N_RECORDS] - 5), 0);
    mb_transport *second = open_transport(j->url);
    assert_int_equal(size_of(j->path), j->ends[N_RECORDS] - 5);
    mb_transport_close(first);
    mb_transport_close(second);
    mb_transport_close(open_transport(j->url));
    assert_int_equal(size_of(j->path), j->ends[N_RECORDS - 1]);
}

/* It gets that record when the rest of it is there, and is not confused before. */
static void test_subscribing_while_a_record_is_written(void **state) {
    const struct journal *j = *state;
    char url[URL_SIZE];
    const size_t start = j->ends[N_RECORDS - 1], end = j->ends[N_RECORDS];
    snprintf(url, sizeof url, "file:%s?sync=none", j->path);
    mb_transport *writer = open_transport(url);
    for (size_t size = start; size < end; size++) {
        assert_int_equal(truncate(j->path, (off_t)size), 0);
        mb_transport *reader = open_transport(url);
        subscribe_to(reader, "t");
        expect_nothing(reader);
        const int fd = open(j->path, O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, j->bytes + size, end - size), end - size);
        close(fd);
        expect_numbered(reader, N_RECORDS, 1, PAYLOAD_SIZE);
        expect_nothing(reader);
        mb_transport_close(reader);
    }
    mb_transport_close(writer);
}

static void limit_file_size(rlim_t size) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Room ends within a record, at every byte of it. The failure is told, what was confirmed stays,
 * and with room again the journal goes on. */
static void test_a_full_disk(void **state) {
    const struct journal *j = *state;
    static const char *const syncs[] = {"none", "batch", "each"};
    const size_t record_size = j->ends[1];
    char url[URL_SIZE];
    mb_error error = {0};
    signal(SIGXFSZ, SIG_IGN); /* what the limit would otherwise end the process with */
    for (size_t room = 0; room < 2 * record_size; room++) {
        const size_t n_fit = room / record_size;
        write_file(j->path, "", 0);
        snprintf(url, sizeof url, "file:%s?sync=%s&from=start", j->path, syncs[room % 3]);
        mb_transport *t = open_transport(url);
        subscribe_to(t, "t");
        limit_file_size(room);
        for (size_t i = 1; i <= n_fit; i++) {
            send_numbered(t, "t", i, 1, PAYLOAD_SIZE, MB_CONFIRMED);
        }
        for (int i = 0; i < 3; i++) {
            expect_error(publish_numbered(t, "t", 90, 1, PAYLOAD_SIZE, MB_CONFIRMED, &error),
                         &error, MB_ESYSTEM, "File too large");
        }
        assert_int_equal(size_of(j->path), n_fit * record_size);
        limit_file_size(RLIM_INFINITY);
        send_numbered(t, "t", n_fit + 1, 1, PAYLOAD_SIZE, MB_CONFIRMED);
        expect_numbered(t, 1, n_fit + 1, PAYLOAD_SIZE);
        expect_nothing(t);
        mb_transport_close(t);
    }
    signal(SIGXFSZ, SIG_DFL);
    expect_no_open("file:/dev/full", MB_EINVAL, "no regular file");
}

#define WITH_JOURNAL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_JOURNAL(test_from_the_start_or_the_end),
        WITH_JOURNAL(test_a_journal_cut_short_at_every_byte),
        WITH_JOURNAL(test_a_journal_with_every_byte_damaged),
        WITH_JOURNAL(test_only_the_first_repairs),
        WITH_JOURNAL(test_subscribing_while_a_record_is_written),
        WITH_JOURNAL(test_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
